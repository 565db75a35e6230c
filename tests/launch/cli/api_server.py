"""As much of an API server as `wait` and `predict NAME` ask of one: a bundle, its watch, its Service's proxy."""

import json
import time

from tools.testkit.api_in_thread import ApiInThread
from tools.testkit.http_in_thread import JSON, Quiet
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


class Api(ApiInThread):
    """Speaks only what a watch of one bundle needs; `events` are sent with a pause, then the watch ends."""

    def __init__(self, events: list[dict]) -> None:
        outer = self
        self.events = events
        self.sent = 0
        self.named: list[dict] = []  # those that a name finds
        self.answer = lambda _path, _body: (503, {}, b'{"message": "no endpoints available for service"}')

        class Handler(Quiet):
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
                    self.send_json(200, {"items": outer.named})
                    return
                if self.path.endswith("/namespaces/models"):
                    self.send_json(200, {})
                    return
                if self.path.startswith(PATH + "/b"):
                    self.send_json(200, outer.events[min(outer.sent, len(outer.events) - 1)])
                    return
                self.send_json(404, {"message": 'modelbundles "c" not found', "code": 404, "reason": "NotFound"})

            def do_POST(self) -> None:
                status, headers, content = outer.answer(self.path, request_body(self))
                self.send_whole(status, content, {"Content-Type": JSON, **headers})

        super().__init__(Handler)
