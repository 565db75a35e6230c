"""The conformance kit: a served bundle keeps every clause, and each clause notices a server broken on purpose."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from oip_conformance.cli import BROKEN, CLAUSES, HOLDS, main, run
from oip_conformance.target import Target
from tools.testkit.http_in_thread import HttpInThread, Quiet
from tools.testkit.pair import Pair, code_bundle, stopping
from tools.testkit.request_body import request_body

SOURCE = "def predict(m, words):\n    return {'m': m, 'words': words}\n"
FIELDS = {
    "m": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    "words": {"type": "array", "items": {"type": "string"}},
}
SCHEMA = {"type": "object", "properties": FIELDS, "required": ["m", "words"]}


class Asked(NamedTuple):
    method: str
    path: str
    body: bytes


class Reply:
    """What the real server answered; a breaker changes it in place."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def length(self) -> int:
        return int(self.headers.get("inference-header-content-length", len(self.body)))

    @property
    def json(self) -> Any:
        return json.loads(self.body[: self.length])

    def put(self, value: Any) -> None:
        rest = self.body[self.length :]
        text = json.dumps(value).encode()
        if "inference-header-content-length" in self.headers:
            self.headers["inference-header-content-length"] = str(len(text))
        self.body = text + rest


Break = Callable[[Asked, Reply], None]


def fails(reply: Reply) -> None:
    reply.status, reply.body, reply.headers = 500, b"", {}


def agrees(reply: Reply) -> None:
    """As a server does that does not look."""
    reply.status = 200
    reply.put({"name": "mirror", "ready": True, "model_name": "mirror", "outputs": []})


def on(part: str, change: Callable[[Reply], None], method: str = "GET") -> Break:
    """``change`` the answers to paths that end with ``part``."""

    def apply(asked: Asked, reply: Reply) -> None:
        if asked.method == method and asked.path.endswith(part):
            change(reply)

    return apply


def field(name: str, value: Any) -> Callable[[Reply], None]:
    def change(reply: Reply) -> None:
        if reply.status == 200:
            reply.put({**reply.json, name: value})

    return change


def without(name: str) -> Callable[[Reply], None]:
    return lambda reply: reply.put({key: value for key, value in reply.json.items() if key != name})


def output(change: Callable[[dict[str, Any]], None]) -> Break:
    def apply(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/infer") and reply.status == 200:
            found = reply.json
            change(found["outputs"][0])
            reply.put(found)

    return apply


def asked_with(text: bytes, change: Callable[[Reply], None]) -> Break:
    """Of inference requests that hold ``text``."""

    def apply(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/infer") and text in asked.body:
            change(reply)

    return apply


def plain_error(reply: Reply) -> None:
    if reply.status >= 400:
        reply.put({"detail": "an error of another form"})


def all_outputs(asked: Asked, reply: Reply) -> None:
    if b'"outputs"' in asked.body and reply.status == 200:
        found = reply.json
        found["outputs"] = [{**found["outputs"][0], "name": name} for name in ("m", "words")]
        reply.put(found)


def nested_is_refused(asked: Asked, reply: Reply) -> None:
    if b"[[" in asked.body:
        reply.status = 400
        reply.put({"error": "flat data only"})


def swapped_bytes(asked: Asked, reply: Reply) -> None:
    if "inference-header-content-length" in reply.headers:
        reply.body = reply.body[:-2] + b"zz"


MODEL = "/v2/models/mirror"
MISSING = "no-such-model-a8f1"
BREAKERS: dict[str, Break] = {
    "live": on("/health/live", fails),
    "live-body": on("/health/live", field("live", "yes")),
    "ready": on("/health/ready", fails),
    "ready-body": on("/health/ready", field("live", "yes")),
    "model-ready": on("/mirror/ready", fails),
    "model-ready-body": on("/mirror/ready", field("name", "x")),
    "model-ready-unknown": on(MISSING + "/ready", agrees),
    "server-metadata": on("/v2", without("extensions")),
    "model-metadata": on(MODEL, without("platform")),
    "model-versions": on(MODEL, field("versions", [1])),
    "model-tensors": on(MODEL, field("outputs", [{"name": "m", "datatype": "FLOAT", "shape": [-1]}])),
    "model-metadata-unknown": on(MISSING, plain_error),
    "version": on("/ready", fails),
    "version-unknown": on("no-such-version-a8f1", agrees),
    "infer": on("/infer", field("model_name", "x"), "POST"),
    "infer-id": asked_with(b"id-a8f1", without("id")),
    "infer-output": output(lambda entry: entry.update(shape=[7])),
    "infer-nested": nested_is_refused,
    "infer-outputs": all_outputs,
    "infer-output-unknown": asked_with(b"no-such-output", agrees),
    "infer-version": on("/infer", without("model_version"), "POST"),
    "infer-parameters": asked_with(b"no_such_parameter", fails),
    "infer-unknown": on(MISSING + "/infer", agrees, "POST"),
    "infer-not-json": on("/infer", plain_error, "POST"),
    "infer-no-inputs": on("/infer", plain_error, "POST"),
    "infer-shape": asked_with(b"[1, 99]", agrees),
    "infer-negative": asked_with(b'"shape": [-1]', agrees),
    "infer-datatype": asked_with(b"INT7", agrees),
    "infer-no-name": asked_with(b'{"datatype"', plain_error),
    "infer-no-data": on("/infer", lambda reply: agrees(reply) if reply.status == 400 else None, "POST"),
    "binary-input": asked_with(b"binary_data_size", fails),
    "binary-outputs": swapped_bytes,
    "binary-one-output": asked_with(b'"binary_data": false', fails),
    "binary-size": asked_with(b"binary_data_size", agrees),
}


class Proxy(HttpInThread):
    """The real server, and ``broken`` between it and the kit."""

    broken: Break

    def __init__(self, port: int) -> None:
        self.broken = lambda asked, reply: None
        outer = self

        class Forward(Quiet):
            def do_GET(self) -> None:
                body = request_body(self)
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                headers = {name.lower(): value for name, value in answer.getheaders()}
                reply = Reply(answer.status, headers, answer.read())
                connection.close()
                outer.broken(Asked(self.command, self.path, body), reply)
                kept = ("content-type", "inference-header-content-length")
                self.send_whole(
                    reply.status, reply.body, {name: reply.headers[name] for name in kept if name in reply.headers}
                )

            do_POST = do_GET

        super().__init__(Forward)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("mirror") / "root"
    code_bundle(root, SOURCE)
    with stopping(Pair(root, {"requestSchema": SCHEMA, "responseSchema": SCHEMA}, name="mirror")) as pair:
        yield pair.start()


@pytest.fixture(scope="module")
def proxy(mirror: Pair) -> Iterator[Proxy]:
    with closing(Proxy(mirror.port)) as server:
        yield server


def test_a_served_bundle_keeps_every_clause(mirror: Pair) -> None:
    done = CliRunner().invoke(main, [f"http://127.0.0.1:{mirror.port}", "--model", "mirror"])
    assert done.exit_code == 0, done.output
    assert f"{len(CLAUSES)} clauses hold, 0 are broken, 0 do not apply" in done.output


def test_each_clause_has_a_server_that_breaks_it() -> None:
    assert [clause.id for clause in CLAUSES] == list(BREAKERS)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_a_server_broken_on_purpose_is_noticed(proxy: Proxy, clause: Any) -> None:
    target = Target(f"127.0.0.1:{proxy.port}", "mirror", None, 30)
    proxy.broken = lambda asked, reply: None
    (found,) = run(target, [clause])
    assert found.result == HOLDS, found.reason
    proxy.broken = BREAKERS[clause.id]
    (found,) = run(Target(f"127.0.0.1:{proxy.port}", "mirror", target.request, 30), [clause])
    assert found.result == BROKEN
    assert found.reason


def test_programs_get_json(mirror: Pair) -> None:
    done = CliRunner().invoke(main, [f"127.0.0.1:{mirror.port}", "--model", "other", "-o", "json"])
    assert done.exit_code == 1
    found = {entry["clause"]: entry["result"] for entry in json.loads(done.stdout)}
    assert (found["live"], found["model-ready"], found["infer"]) == ("holds", "broken", "n/a")


def test_who_does_not_answer_and_what_is_no_request(tmp_path: Any) -> None:
    assert CliRunner().invoke(main, ["127.0.0.1:1", "--model", "m"]).exit_code == 2
    file = tmp_path / "request.json"
    file.write_text("{}")
    done = CliRunner().invoke(main, ["127.0.0.1:1", "--model", "m", "--request", str(file)])
    assert (done.exit_code, '"inputs"' in done.output) == (2, True)
