"""As much of an API server as `wait` and `predict NAME` ask of one: a bundle, its watch, its Service's proxy."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.launch.kubeconfig import write_kubeconfig
from tools.testkit.request_body import request_body

PATH = "/apis/modelbundle.dev/v1alpha1/namespaces/models/modelbundles"


def bundle(version: int, *conditions: tuple[str, str, str, str]) -> dict:
    keys = ("type", "status", "reason", "message")
    return {
        "metadata": {"name": "b", "generation": 1, "resourceVersion": str(version)},
        "status": {"observedGeneration": 1, "conditions": [dict(zip(keys, item, strict=True)) for item in conditions]},
    }


STARTING = ("Ready", "False", "Progressing", "the worker loads")
READY = ("Ready", "True", "Serving", "1 of 1 replicas answer")
STALLED = ("Stalled", "True", "ArtifactDigestMismatch", "expected a, got b")


class Api:
    """Speaks only what a watch of one bundle needs; `events` are sent with a pause, then the watch ends."""

    def __init__(self, events: list[dict]) -> None:
        outer = self
        self.events = events
        self.sent = 0
        self.named: list[dict] = []  # those that a name finds
        self.answer = lambda _path, _body: (503, {}, b'{"message": "no endpoints available for service"}')

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer of a kept connection waits 40 ms

            def do_GET(self) -> None:
                if "watch=true" in self.path.lower():
                    self.send_response(200)
                    self.send_header("Connection", "close")
                    self.end_headers()
                    for event in outer.events[max(outer.sent, 1) :]:
                        time.sleep(0.1)
                        outer.sent += 1
                        line = {"type": "MODIFIED", "object": event}
                        self.wfile.write(json.dumps(line).encode() + b"\n")
                        self.wfile.flush()
                    time.sleep(0.3)
                    self.close_connection = True
                    return
                if self.path.partition("?")[0] == PATH:
                    self.answer(200, {}, json.dumps({"items": outer.named}).encode())
                    return
                if self.path.endswith("/namespaces/models"):
                    self.answer(200, {}, b"{}")
                    return
                found = self.path.startswith(PATH + "/b")
                status = {"message": 'modelbundles "c" not found', "code": 404, "reason": "NotFound"}
                body = json.dumps(outer.events[min(outer.sent, len(outer.events) - 1)] if found else status).encode()
                self.answer(200 if found else 404, {}, body)

            def do_POST(self) -> None:
                asked = request_body(self)
                self.answer(*outer.answer(self.path, asked))

            def answer(self, status: int, headers: dict, answer: bytes) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def write_kubeconfig(self, path: Path) -> str:
        return write_kubeconfig(path, self.server.server_port)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
