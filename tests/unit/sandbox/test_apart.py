"""Work in a fork: what it makes comes over, and nothing of it stays. In a process with one thread."""

import subprocess
import sys

import pytest

from nexhina.sandbox.sound.apart import CAN_FORK

if not CAN_FORK:
    pytest.skip("this system has no fork", allow_module_level=True)

START = """
import os, signal
from nexhina.sandbox.sound.apart import run_apart
count = 0
def make(most=3, end=None):
    global count
    for _ in range(most):
        count += 1
        yield b"%d" % count * 70_000
    if end:
        end()
def fail():
    raise ValueError("no")
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", START + code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr == ""  # what fails there is told here
    return done.stdout.strip()


def test_the_blocks_come_over_and_the_state_stays_as_it_was():
    code = "print([[(block[:1], len(block)) for block in run_apart(make())] for _ in range(2)] , count)"
    once = "[(b'1', 70000), (b'2', 70000), (b'3', 70000)]"
    assert run(code) == f"[{once}, {once}] 0"


@pytest.mark.parametrize(
    "end", ["fail", "lambda: os.kill(os.getpid(), signal.SIGKILL)", "lambda: os._exit(0)"]
)
def test_a_fork_that_does_not_come_to_its_end_is_an_error(end: str):
    code = f"""
blocks = []
try:
    for block in run_apart(make(end={end})):
        blocks.append(block)
except RuntimeError:
    print(len(blocks), "failed")
"""
    assert run(code) == "3 failed"


def test_a_reader_who_leaves_ends_the_fork():
    code = """
blocks = run_apart(make(10**9))
next(blocks)
blocks.close()
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("none left")
"""
    assert run(code) == "none left"


def test_the_fork_keeps_no_pipe_of_its_parent_open():
    code = """
mine, its = os.pipe()
blocks = run_apart(make(10**9))
next(blocks)
os.close(its)
print(os.read(mine, 1) == b"")  # the end is seen, though the fork lives
blocks.close()
"""
    assert run(code) == "True"
