"""What a bundle may try to reach, and who may try to reach it: servers that are there for that, and pods that call."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tools.local_cluster.place import here
from tools.testkit.call import client_pod
from tools.testkit.install import runtime_image
from tools.testkit.kubectl import Manifest, kubectl

METADATA, DNS_CACHE = "169.254.169.254:80", "169.254.20.10:53"
_LISTEN = """
import socket, sys, time
kept = [socket.create_server(("", int(port))) for port in sys.argv[1:]]
time.sleep(86400)
"""
_READ = """
import json, sys, urllib.request
try:
    print(json.dumps(urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).status))
except OSError as error:
    print(json.dumps(str(error)))
"""


@contextmanager
def on_the_node() -> Iterator[None]:
    """STAND-INS for a cloud's metadata service and for a cache of DNS: servers at their addresses, on the node."""
    with ExitStack() as running:
        for address in (METADATA, DNS_CACHE):
            host = address.partition(":")[0]
            _in_the_nodes_network("ip", "address", "add", f"{host}/32", "dev", "lo")
            running.callback(_in_the_nodes_network, "ip", "address", "del", f"{host}/32", "dev", "lo")
            running.enter_context(_served(address, *_entering()))
        yield


@contextmanager
def outside(host: str, *ports: int) -> Iterator[None]:
    """Servers at an address of this machine, which is no pod's and not the node's."""
    with ExitStack() as running:
        for port in ports:
            running.enter_context(_served(f"{host}:{port}"))
        yield


def caller(name: str, labels: Manifest | None = None) -> Manifest:
    """A pod to call from."""
    pod = client_pod(runtime_image())
    pod["metadata"] = {"name": name, "labels": labels or {}}
    pod["spec"]["containers"][0]["name"] = name
    return pod


def listener(name: str, *ports: int) -> Manifest:
    """A pod that takes connections, on any port."""
    pod = caller(name)
    pod["spec"]["securityContext"] = {}
    pod["spec"]["containers"][0] |= {
        "command": ["python3", "-c", _LISTEN, *map(str, ports)],
        "securityContext": {"runAsUser": 0},
    }
    return pod


def read_from(pod: str, namespace: str, url: str, seconds: float = 4) -> int | str:
    """The status of the answer that a pod gets, or what it got in place of one."""
    found = kubectl("exec", pod, "--", "python3", "-c", _READ, url, str(seconds), namespace=namespace)
    return json.loads(found)


def read_here(url: str, seconds: float = 4) -> int | str:
    """As this machine reads it, which is outside the cluster."""
    return json.loads(_output([sys.executable, "-c", _READ, url, str(seconds)]))


def read_on_the_node(url: str, seconds: float = 4) -> int | str:
    """As the kubelet reads it."""
    return json.loads(_output([*_entering(), sys.executable, "-c", _READ, url, str(seconds)]))


def _entering() -> list[str]:
    return ["nsenter", f"--net={here().netns}"]


def _in_the_nodes_network(*argv: str) -> None:
    _output([*_entering(), *argv])


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@contextmanager
def _served(address: str, *before: str) -> Iterator[None]:
    host, _, port = address.partition(":")
    argv = [*before, sys.executable, "-u", "-m", "http.server", port, "--bind", host, "--directory", "/var/empty"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert "Serving HTTP" in process.stdout.readline()
            yield
        finally:
            process.terminate()
