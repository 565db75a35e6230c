"""Ctrl-C, SIGTERM and SIGHUP: one end, quiet, and not in the middle of what must be whole."""

import subprocess
import sys

import pytest


def run(program: str) -> tuple[int, str]:
    setup = "import os, signal\nfrom launch.api.interruption import *\n"
    setup += "def send(name): signal.raise_signal(getattr(signal, name))\n"
    done = subprocess.run([sys.executable, "-c", setup + program], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_ends_on_the_spot_and_quietly(name):
    assert run(f"end_on_interruption()\nsend('{name}')\nprint('went on')") == (130, "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_is_held_is_done_whole(name):
    program = f"""
raise_on_interruption()
try:
    with held():
        with held():
            send('{name}')
            send('{name}')
        print('whole')
    print('went on')
except KeyboardInterrupt:
    print('raised')
"""
    assert run(program) == (0, "whole\nraised\n")


def test_one_that_python_drops_in_a_destructor_is_raised_by_who_waits():
    program = """
sys.stderr = open(os.devnull, 'w')  # where Python says that it has dropped it
class Closed:
    def __del__(self):
        send('SIGINT')
raise_on_interruption()
raise_lost()
try:
    Closed()
    print('dropped')
    raise_lost()
    print('went on')
except KeyboardInterrupt:
    print('raised')
"""
    assert run("import sys\n" + program) == (0, "dropped\nraised\n")


def test_what_nohup_ignores_stays_ignored():
    program = "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{}()\nsend('SIGHUP')\nprint('went on')"
    for way in ("end_on_interruption", "raise_on_interruption"):
        assert run(program.format(way)) == (0, "went on\n")


def test_a_child_whose_start_was_interrupted_does_not_stay():
    program = """
import os, subprocess
from launch.local.pythons import version_of

class Interrupted(subprocess.Popen):
    def __init__(self, *words, **options):
        super().__init__(["sleep", "60"], **options)
        send("SIGHUP")

subprocess.Popen = Interrupted
raise_on_interruption()
try:
    version_of("/other/python")
except KeyboardInterrupt:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("no child")
"""
    assert run(program) == (0, "no child\n")
