"""What was started ends with its starter, by whatever death, and grandchildren too."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

STARTER = """
import os, signal, subprocess, sys
from launch.local.reaper import ProcessReaper
reaper = ProcessReaper()
os.makedirs(sys.argv[1] + "/read-only/deeper")
os.chmod(sys.argv[1] + "/read-only", 0o555)
reaper.remove_at_end(sys.argv[1])
child = subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True)
reaper.kill_at_end(child.pid)
print(child.pid, child.stdout.readline().decode(), flush=True)
{end}
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)", "reaper.end()"])
def test_processes_and_directory_go_with_the_starter(tmp_path, end):
    command = [sys.executable, "-c", STARTER.format(end=end), str(tmp_path / "kept")]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=False)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 60
    while any(map(running, pids)) or (tmp_path / "kept").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_group_that_is_forgotten_is_left_alone(tmp_path):
    end = "reaper.forget(child.pid); reaper.end()"
    command = [sys.executable, "-c", STARTER.format(end=end), str(tmp_path / "kept")]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=False)
    group, pid = map(int, done.stdout.split())
    assert running(pid)
    os.killpg(group, 9)
