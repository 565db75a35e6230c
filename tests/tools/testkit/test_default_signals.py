"""Tests of signals pass in a run that was started with these signals ignored, in its one process and in several."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# in a shell of its own, as the process of this test has them at their defaults
IGNORING = "trap '' HUP INT QUIT TERM; exec \"$@\""


@pytest.mark.parametrize("words", [["-n", "0"], ["-n", "2"]], ids=" ".join)
def test_a_run_whose_starter_ignored_signals_starts_children_that_do_not(tmp_path: Path, words: list[str]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MODELBUNDLE_TESTS_"))}
    command = ["sh", "-c", IGNORING, "sh", sys.executable, "-m", "pytest", "-q", *words, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--basetemp={tmp_path}", "tests/launch/api/test_interruption.py"],
        cwd=ROOT,
        env={**kept, "CLUSTER": "none"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE), done.stdout


def test_what_is_ignored_stays_so_where_the_tests_run() -> None:
    program = (
        "import os, signal\nfrom tools.testkit.default_signals import hand_on_no_ignored_signal as quiet\nquiet()\n"
    )
    program += "os.kill(os.getpid(), signal.SIGHUP)\nprint('went on', flush=True)\n"
    program += "os.execlp('sh', 'sh', '-c', 'kill -HUP $$; echo went on')"
    command = ["sh", "-c", IGNORING, "sh", sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGHUP, "went on\n"), done.stderr
