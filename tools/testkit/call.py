"""Predictions through a bundle's Service: from this machine, and from a pod by the Service's DNS name."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tools.testkit.install import runtime_image
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all
from tools.testkit.screen import line, typed

CLIENT = "client"


@dataclass(frozen=True)
class Answer:
    status: int
    value: Any
    digest: str
    seconds: float

    def line(self) -> str:
        return f"{json.dumps(self.value)}  HTTP {self.status}  {self.digest[:19]}...  {self.seconds * 1000:.1f} ms"


def post(url: str, request: Any, timeout: float = 30) -> Answer:
    """POST of a JSON value, or of bytes as they are. An HTTP error is an answer too."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    message = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(message, timeout=timeout) as response:
            status, headers, raw = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            status, headers, raw = error.code, error.headers, error.read()
    seconds = time.perf_counter() - started
    return Answer(status, json.loads(raw), headers.get("x-modelbundle-digest", ""), seconds)


def curl(url: str, request: Any) -> Answer:
    """By curl, as a user would type it; a machine without curl gets the same request from Python."""
    body = json.dumps(request)
    typed(f"curl {url}/predict -H 'content-type: application/json' -d {shlex.quote(body)}")
    if not shutil.which("curl"):
        line("(there is no curl on this machine: sent by Python)")
        return post(f"{url}/predict", request)
    command = ["curl", "-sS", "-i", "--max-time", "30", "-w", "\n%{http_code} %{time_total}", f"{url}/predict"]
    command += ["-H", "content-type: application/json", "-d", body]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace("\r\n", "\n")
    rest, _, numbers = printed.rpartition("\n")
    headers, _, content = rest.partition("\n\n")
    digest = re.search(r"^x-modelbundle-digest: (\S+)$", headers, re.MULTILINE | re.IGNORECASE)
    status, seconds = numbers.split()
    return Answer(int(status), json.loads(content), digest[1] if digest else "", float(seconds))


@contextmanager
def service_url(name: str, namespace: str) -> Iterator[str]:
    """A URL of the Service for this machine: its ClusterIP on the local cluster, elsewhere a port forwarded to it."""
    if not os.environ.get("CLUSTER"):
        service = get("service", name, namespace)
        if service is None:
            raise LookupError(f"no Service {name} in {namespace}")
        _wait_routed(service["spec"]["clusterIP"], name, namespace)
        yield f"http://{service['spec']['clusterIP']}"
        return
    command = ["kubectl", "-n", namespace, "port-forward", f"service/{name}", ":80"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forward:
        try:
            assert forward.stdout is not None
            line = forward.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if not found:
                raise LookupError(f"kubectl port-forward said {line!r}")
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            forward.terminate()


def _wait_routed(address: str, name: str, namespace: str) -> None:
    """Until kube-proxy has heard of a Service that is moments old: a packet that comes before it is lost, and so is all
    that the same connection sends again. And until it has heard of its first ready pod: it refuses before that."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((address, 80), timeout=1).close()
        except TimeoutError:
            if time.monotonic() > deadline:
                raise
        except ConnectionRefusedError:
            if not _has_a_ready_pod(name, namespace) or time.monotonic() > deadline:  # for the caller to see
                return
        else:
            return


def _has_a_ready_pod(name: str, namespace: str) -> bool:
    """As the API server knows it, which is before the node does."""
    slices = list_all("endpointslices", namespace, f"kubernetes.io/service-name={name}")
    endpoints = [endpoint for found in slices for endpoint in found.get("endpoints") or []]
    return any(endpoint.get("conditions", {}).get("ready") is not False for endpoint in endpoints)


def from_host(name: str, namespace: str, request: Any, timeout: float = 30) -> Answer:
    with service_url(name, namespace) as url:
        return post(f"{url}/predict", request, timeout)


def start_client(namespace: str) -> None:
    """The pod that `from_pod` calls from. It starts while others do: ask for it before what it is to call."""
    apply(client_pod(runtime_image()), namespace=namespace)


def client_pod(image: str) -> Manifest:
    """A pod with Python, to call Services by their DNS names; restricted like every pod of the namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": CLIENT},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": CLIENT,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python3", "-c", "import time; time.sleep(86400)"],
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }


_IN_POD = """
import json, sys, time, urllib.error, urllib.request
message = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"content-type": "application/json"})
started = time.perf_counter()
try:
    answer = urllib.request.urlopen(message, timeout=30)
except urllib.error.HTTPError as error:
    answer = error
raw = answer.read()
seconds = time.perf_counter() - started
print(json.dumps([answer.status, json.loads(raw), answer.headers["x-modelbundle-digest"], seconds]))
"""


def from_pod(name: str, namespace: str, request: Any) -> Answer:
    """From the client pod, by the Service's short name, as any pod of the namespace would."""
    url = f"http://{name}.{namespace}.svc/predict"
    printed = kubectl("exec", CLIENT, "--", "python3", "-c", _IN_POD, url, json.dumps(request), namespace=namespace)
    return Answer(*json.loads(printed))
