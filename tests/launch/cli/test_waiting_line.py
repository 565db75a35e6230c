"""What a terminal shows while a command waits; a log and a pipe get none of it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from tests.launch.cli.conftest import environment

PROGRAM = """
import time
from launch.cli import waiting_line
waiting_line.FIRST_SECONDS = waiting_line.EVERY_SECONDS = 0.01
line = waiting_line.WaitingLine()
with line.showing("asking"):
    while not line._shown and {shown}:
        time.sleep(0.001)
    line.say("something else")
print("the result")
"""


def on_a_terminal(program: str) -> str:
    """What a terminal gets of it: standard output and standard error are the same one."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program], stdout=theirs, stderr=theirs, env=environment()) as process:
        os.close(theirs)
        read = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # how Linux says that the other side is closed
                break
            read += piece
        assert process.wait(60) == 0, read
    os.close(ours)
    return read.decode()


def visible(printed: str) -> list[str]:
    """The lines as they stand at the end."""
    return [line.rpartition("\r\x1b[K")[2].strip() for line in printed.split("\n") if line.strip()]


def test_a_terminal_shows_what_is_waited_for_and_nothing_of_it_stays() -> None:
    printed = on_a_terminal(PROGRAM.format(shown=True))
    assert "asking, 0 s" in printed
    assert visible(printed) == ["something else", "the result"]


def test_a_log_gets_none_of_it() -> None:
    command = [sys.executable, "-c", PROGRAM.format(shown=False)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert (done.stdout, done.stderr) == ("the result\n", "something else\n")
