"""`modelbundle wait` against an API server's watch: a line a change, and an exit code for what became of it."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

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
    """Speaks only what a watch of one bundle needs; `events` are sent with a pause, then the watch ends by itself."""

    def __init__(self, events: list[dict]) -> None:
        outer = self
        self.events = events
        self.sent = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

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
                found = self.path.startswith(PATH + "/b")
                status = {"message": 'modelbundles "c" not found', "code": 404}
                body = json.dumps(outer.events[min(outer.sent, len(outer.events) - 1)] if found else status).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def wait(tmp_path, modelbundle) -> Iterator:
    servers = []

    def run(events, *words):
        api = Api(events)
        servers.append(api.server)
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "k", "cluster": {"server": f"http://127.0.0.1:{api.server.server_port}"}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "models"}}],
        }
        (tmp_path / "config").write_text(json.dumps(config))
        return modelbundle("wait", *words, KUBECONFIG=str(tmp_path / "config"))

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def test_each_change_is_a_line_until_it_holds(wait):
    done = wait([bundle(1), bundle(2, STARTING), bundle(3, STARTING), bundle(4, READY)], "b", "--timeout", "20s")
    assert done.code == 0, done.err
    assert [line.split(" ", 1)[1] for line in done.out.splitlines()] == [
        "Ready=False Progressing: the worker loads",
        "Ready=True Serving: 1 of 1 replicas answer",
    ]


def test_a_bundle_that_already_is_ready_ends_at_once(wait):
    assert wait([bundle(1, READY)], "b").code == 0


def test_stalled_is_exit_code_two_with_its_message(wait):
    done = wait([bundle(1, STARTING), bundle(2, STARTING, STALLED)], "b", "--timeout", "20s")
    assert done.code == 2
    assert "b is stalled: ArtifactDigestMismatch: expected a, got b" in done.err


def test_a_timeout_is_exit_code_one(wait):
    done = wait([bundle(1, STARTING)], "b", "--timeout", "1s", "-o", "json")
    assert (done.code, json.loads(done.err.splitlines()[-1])["error"]["code"]) == (1, "Timeout")


def test_a_bundle_that_is_not_there_is_said(wait):
    done = wait([bundle(1)], "c")
    assert done.code == 1
    assert "the bundle c in namespace models" in done.err


def test_a_status_of_an_older_spec_does_not_count(wait):
    old = bundle(1, READY)
    old["metadata"]["generation"] = 2
    assert wait([old], "b", "--timeout", "1s").code == 1


def test_other_conditions_and_statuses_can_be_waited_for(wait):
    assert wait([bundle(1, STARTING)], "b", "--for", "Ready=False").code == 0


def test_a_timeout_that_is_no_duration_is_wrong_usage(wait):
    assert wait([bundle(1)], "b", "--timeout", "soon").code == 64
