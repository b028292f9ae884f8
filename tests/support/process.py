"""What the system says about another process."""

from pathlib import Path


def resident_bytes(pid: int) -> int:
    """Memory that the process has in use, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no resident memory")
