"""Starting, finding and ending the cluster's processes.

Pid files only give names to processes. What belongs to the cluster is known to the kernel: whatever runs in its network
namespace or in its cgroup. So a lost pid file leaves nothing behind, and a reused pid is never taken for ours.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.local_cluster import cgroups, network
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import Place


def start(place: Place, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Start one component in the cluster's network namespace, apart from this terminal."""
    place.logs.mkdir(parents=True, exist_ok=True)
    with (place.logs / f"{name}.log").open("ab") as log:
        # not `ip netns exec`: that mounts /sys again, and the kubelet would find no cgroups
        process = subprocess.Popen(
            ["nsenter", f"--net={place.netns}", *argv],
            env={**os.environ, **(env or {})},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    file = _pid_file(place, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(process.pid))


def stop(place: Place, name: str) -> bool:
    """End one component; False when it was not running."""
    pid = pid_of(place, name)
    if pid is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        for _ in range(100):
            if not alive(pid):
                _pid_file(place, name).unlink(missing_ok=True)
                return True
            time.sleep(0.05)
    raise ClusterError(f"{name} (process {pid}) does not end", "look at its state with `ps`; try again")


def pid_of(place: Place, name: str) -> int | None:
    """The running process of a component, or None."""
    with suppress(OSError, ValueError):
        pid = int(_pid_file(place, name).read_text())
        if alive(pid) and _namespace_of(pid) in network.namespace_ids(place):
            return pid
    return None


def runs(place: Place, name: str, argv: Sequence[str]) -> bool:
    """Whether a component runs, with exactly this command."""
    pid = pid_of(place, name)
    if pid is None:
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1] == list(argv)
    return False


def ended(place: Place, name: str) -> bool:
    """Whether a component runs no more; one that has yet to enter the namespace has not ended."""
    with suppress(OSError, ValueError):
        return not alive(int(_pid_file(place, name).read_text()))
    return True


def all_pids(place: Place) -> set[int]:
    ours = network.namespace_ids(place)
    found = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}
    in_namespace = {pid for pid in found if ours and _namespace_of(pid) in ours}
    return (in_namespace | set(cgroups.processes(place))) - {os.getpid()}


def kill_all(place: Place) -> int:
    """Kill whatever belongs to the cluster until nothing is left; returns how many processes there were."""
    killed: set[int] = set()
    deadline = time.monotonic() + 20
    while pids := {pid for pid in all_pids(place) if alive(pid)}:
        if time.monotonic() > deadline:
            raise ClusterError(
                f"processes {sorted(pids)} of the cluster do not end", "look at them with `ps`; try again"
            )
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= pids
        time.sleep(0.05)
    return len(killed)


def alive(pid: int) -> bool:
    """Whether it runs; a zombie, which a parent has yet to collect, does not."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # collects it where the parent is this very process
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def log_tail(place: Place, name: str, lines: int = 15) -> str:
    with suppress(OSError):
        text = (place.logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])
    return "(no log)"


def _pid_file(place: Place, name: str) -> Path:
    return place.state / "pids" / name


def _namespace_of(pid: int) -> tuple[int, int] | None:
    try:
        status = Path(f"/proc/{pid}/ns/net").stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
