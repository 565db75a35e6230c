"""Who asks whether a pod is ready before it is: the kubelet, once a second, which is to hear of it at once."""

from __future__ import annotations

import socket
import threading
import time

from bundle_runtime.server.probes import CONNECTIONS_MAX
from launch.local.ports import reserve
from tests.serving.conftest import Served
from tests.serving.test_connections import probe
from tools.testkit.pair import PATIENCE, until

# the module is imported as the bundle is loaded: until the file `go` is there
GATED_LOAD = """
import os, time
open(os.environ["MODELBUNDLE_ROOT"] + "/loads", "w").close()
while not os.path.exists(os.environ["MODELBUNDLE_ROOT"] + "/go"):
    time.sleep(0.005)

def predict():
    return 1
"""


def test_who_asks_for_readiness_is_answered_as_soon_as_it_is_loaded(bundle: Served) -> None:
    port, keeps_port = reserve()
    with keeps_port:
        pair = bundle(GATED_LOAD, probe_port=port).start(wait=False)
    until((pair.root / "loads").exists, "it loads")
    assert probe(port, "/internal/worker/started") == 503, "what templates of older versions ask is answered at once"
    began = time.monotonic()
    assert probe(port, "/readyz") == 503
    assert 1 < time.monotonic() - began < 2, "below the probe's time-out"

    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(probe(port, "/readyz")))
    asking.start()
    time.sleep(0.3)
    (pair.root / "go").touch()
    asking.join(PATIENCE)
    assert answers == [200]

    pair.kill(pair.worker)
    until(lambda: not pair.ready(), "it is seen")
    began = time.monotonic()
    assert probe(port, "/readyz") == 503
    assert time.monotonic() - began < 1, "a pod that was ready is left out at once"


def test_who_asks_and_goes_keeps_nobody_waiting(bundle: Served) -> None:
    port, keeps_port = reserve()
    with keeps_port:
        pair = bundle(GATED_LOAD, probe_port=port).start(wait=False)
    until((pair.root / "loads").exists, "it loads")
    for _ in range(3 * CONNECTIONS_MAX):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(b"GET /readyz HTTP/1.1\r\nhost: m\r\n\r\n")
    (pair.root / "go").touch()
    assert until(lambda: probe(port, "/readyz") == 200, "it is ready")
    assert "Traceback" not in pair.server_log
