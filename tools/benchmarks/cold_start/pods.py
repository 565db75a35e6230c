"""What each pod of the node takes: memory and bytes of its network, looked at from outside ten times a second.

By its cgroup and its network namespace, so also of a Job's pod that is over before anybody could ask, and of init
containers. Memory is what processes hold for themselves: what a pod reads and writes also fills the page cache, which
counts towards a limit and is given back when it is wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.local_cluster import network
from tools.local_cluster.place import Place, here
from tools.testkit.meanwhile import every

LOOK_SECONDS = 0.1
_ROOTS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))  # of cgroup v1 and v2
_OWN = ("total_rss", "total_shmem"), ("anon", "shmem")


@dataclass
class Taken:
    """The most memory that the pod's processes held, and each of its containers by its id, in the order in which they
    began; bytes in and out so far."""

    since: float = 0  # of time.monotonic()
    memory: int = 0
    received: int = 0
    sent: int = 0
    containers: dict[str, int] = field(default_factory=dict)
    process: int = 0  # one in the pod's network


class Watch:
    """Every pod that was there since it began, by uid."""

    def __init__(self, place: Place) -> None:
        self._top = next(root / place.name for root in _ROOTS if (root / place.name / "kubepods").is_dir())
        self._others = {_network(Path("/proc/self/ns/net")), *network.namespace_ids(place)}
        self._taken: dict[str, Taken] = {}
        self._lock = threading.Lock()

    def of(self, uid: str) -> Taken:
        """As it is now; nothing of a pod that was never seen."""
        self.look()
        return self._taken.get(uid, Taken())

    def begun_after(self, since: float) -> dict[str, Taken]:
        """The pods, by uid, that were not there then; the node had no others to start."""
        return {uid: taken for uid, taken in self._taken.items() if taken.since > since}

    def look(self) -> None:
        with self._lock:
            for pattern in ("pod*", "*/pod*"):
                for directory in (self._top / "kubepods").glob(pattern):
                    with suppress(OSError, ValueError):  # it goes while it is looked at
                        uid = directory.name.removeprefix("pod")
                        self._look_at(directory, self._taken.setdefault(uid, Taken(time.monotonic())))

    def _look_at(self, directory: Path, taken: Taken) -> None:
        taken.memory = max(taken.memory, own_memory((directory / "memory.stat").read_text()))
        containers = [each for each in directory.iterdir() if each.is_dir()]
        for each in containers:
            with suppress(OSError, ValueError):
                memory = own_memory((each / "memory.stat").read_text())
                taken.containers[each.name] = max(taken.containers.get(each.name, 0), memory)
        if not self._in_a_pod(taken.process):
            found = (int(line) for each in containers for line in (each / "cgroup.procs").read_text().split())
            taken.process = next(filter(self._in_a_pod, found), 0)
        if taken.process:
            text = Path(f"/proc/{taken.process}/net/dev").read_text()
            taken.received, taken.sent = max(transferred(text), (taken.received, taken.sent))

    def _in_a_pod(self, process: int) -> bool:
        """Whether its network is the pod's: for a moment what starts a container is still in the node's."""
        try:
            return process > 0 and _network(Path(f"/proc/{process}/ns/net")) not in self._others
        except OSError:
            return False


def _network(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch(here())
    with every(LOOK_SECONDS, watch.look):
        yield watch


def own_memory(memory_stat: str) -> int:
    """Bytes that processes hold, by a cgroup's memory.stat: theirs alone and shared memory, no files."""
    found = dict(line.split() for line in memory_stat.splitlines())
    names = next(names for names in _OWN if names[0] in found)
    return sum(int(found.get(name, 0)) for name in names)


def transferred(net_dev: str) -> tuple[int, int]:
    """Bytes that came in and went out, by /proc/net/dev of the pod, its loopback aside."""
    rows = [line.split(":", 1) for line in net_dev.splitlines() if ":" in line]
    counted = [numbers.split() for interface, numbers in rows if interface.strip() != "lo"]
    return sum(int(each[0]) for each in counted), sum(int(each[8]) for each in counted)
