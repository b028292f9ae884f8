"""What the system says about another process."""

from pathlib import Path


def resident_bytes(pid: int) -> int:
    """Memory that the process has in use, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no resident memory")


def count_files(pid: int) -> int:
    """Files and connections that the process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
