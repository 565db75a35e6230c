"""The kernel ends a process of the server for want of memory, as it does in a container: the model stays loaded.

What kills one process is cgroup v1, or cgroup v2 with the kubelet's singleProcessOOMKill; where the kernel kills all of
a container together its restart is the kubelet's (docs/how-to/draining.md).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conftest import Served
from tests.serving.test_large_bodies import forker
from tests.serving.test_server_killed import CALLS, serving
from tools.testkit.pair import Pair, until

MEMORY = Path("/sys/fs/cgroup/memory")
MIB = 1 << 20
LIMIT = 96 * MIB  # a server needs some 40 to start again, and one body is more than the rest
BODY = 60 * MIB

pytestmark = [
    pytest.mark.undisturbed,
    pytest.mark.skipif(
        not os.access(MEMORY / "memory.limit_in_bytes", os.W_OK),
        reason="limits the memory of a process: needs cgroup v1 with a memory controller, and root",
    ),
]


@contextlib.contextmanager
def limited(pair: Pair) -> Iterator[Path]:
    """The server's processes have no more than LIMIT of new memory from now on."""
    group = MEMORY / f"modelbundle-test-{uuid.uuid4().hex[:12]}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(LIMIT))
        for pid in (pair.server.pid, serving(pair), forker(pair)):
            (group / "cgroup.procs").write_text(str(pid))
        yield group
    finally:
        for left in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (MEMORY / "cgroup.procs").write_text(left)
        until(lambda: removed(group), "it is empty")


def removed(group: Path) -> bool:
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def kills(group: Path) -> int:
    found = re.search(r"^oom_kill (\d+)$", (group / "memory.oom_control").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def test_of_bodies_that_arrive_the_process_that_serves_dies_and_another_one_takes_its_place(served: Served) -> None:
    pair = served(CALLS)
    worker, calls = pair.predict().json
    with limited(pair) as group:
        for number in range(1, 4):
            before = serving(pair)
            with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
                for _ in range(2):
                    connection = stack.enter_context(pair.open())
                    connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % BODY)
                    for _ in range(BODY // MIB - 1):
                        connection.sendall(b" " * MIB)
            until(lambda: kills(group) >= number, "the kernel has killed a process")  # noqa: B023
            until(lambda: serving(pair) != before, "another one serves")  # noqa: B023
            pair.wait_ready()
            calls += 1
            assert pair.predict().json == [worker, calls]
            assert pair.metric("modelbundle_server_restarts_total") == number
    assert f"was killed by {signal.SIGKILL.name} (often the kernel, for want of memory)" in pair.server_log
    assert pair.worker_log.count("worker: loaded in") == 1


def test_of_a_body_that_is_read_the_process_that_reads_it_dies_alone(served: Served) -> None:
    pair = served("def predict(x=None):\n    return len(x or '')\n")
    before = serving(pair)
    with limited(pair) as group:
        answer = pair.call("POST", "/predict", b'{"x":"%b"}' % ("\u00e9".encode() * 15 * MIB))
        assert kills(group) >= 1
        assert (answer.status, answer.code) == (500, "InternalError")
        assert serving(pair) == before
        assert pair.predict(x="abc").json == 3
