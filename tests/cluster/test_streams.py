"""A stream of a thousand items of a pod, by the API server's proxy: through LaunchClient and through the command.

Order, a reader that stops, an error in the middle, and an end by the caller; tests/launch/local/test_streams.py is the
same without a cluster. The function counts what it has made, and says so when it is asked: nothing here is timed.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launch import EndpointRequest, LaunchClient
from tests.cluster.test_launch_client import ENV_PARAMS, SMALL
from tools.testkit.kubectl import wait_for
from tools.testkit.pair import at_rest
from tools.testkit.place import Place

COUNT, SIZE = 1_000, 200_000  # 200 MB: more than all buffers on the way hold
ALL = list(range(COUNT))
MODEL = "def load():\n    return {}\n"
PREDICT = """
def load(model):
    def predict(stream, **fields):
        return items(stream, **fields) if fields else model.get(stream, [0, ""])

    def items(stream, n, size=0, fail_at=-1):
        model[stream] = noted = [0, ""]
        try:
            for number in range(n):
                if number == fail_at:
                    raise ValueError("no more")
                noted[0] += 1
                yield [number, "x" * size] if size else number
            noted[1] = "all"
        except GeneratorExit:
            noted[1] = "closed"
            raise
    return predict
"""


@pytest.fixture(scope="module")
def client(operator: object, place: Place, make_namespace: Callable[..., str]) -> Iterator[LaunchClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", place.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", place.secret_key)
        patch.delenv("LAUNCH_ARTIFACT_URI", raising=False)
        yield LaunchClient(namespace=make_namespace("streams"))


@pytest.fixture(scope="module")
def endpoint(client: LaunchClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A StreamingEndpoint, and whatever is asked of it beside a stream."""
    folder = tmp_path_factory.mktemp("streams")
    (folder / "model.py").write_text(MODEL)
    (folder / "predict.py").write_text(PREDICT)
    bundle = client.create_model_bundle_from_dirs(
        model_bundle_name="streams",
        base_paths=[str(folder)],
        env_params=ENV_PARAMS,
        load_predict_fn_module_path="predict.load",
        load_model_fn_module_path="model.load",
    )
    made = client.create_model_endpoint(
        endpoint_name="streams", model_bundle=bundle, endpoint_type="streaming", forwarder_max_concurrency=4, **SMALL
    )
    yield made.wait(300)
    client.delete_model_endpoint("streams")


@pytest.fixture
def stream() -> str:
    """A name for the function to count by."""
    return uuid.uuid4().hex


@pytest.fixture
def noted(endpoint: Any) -> Callable[[str], list[Any]]:
    """How many items of the stream were made, and how its generator ended."""

    def ask(stream: str) -> list[Any]:
        (response,) = endpoint.predict(EndpointRequest(args={"stream": stream}))
        assert response.status == "SUCCESS", response.traceback
        found: list[Any] = response.value
        return found

    return ask


@pytest.fixture
def command(client: LaunchClient) -> Callable[..., list[str]]:
    """`modelbundle predict` of the endpoint."""
    namespace = client.connection.namespace

    def words(**fields: Any) -> list[str]:
        request = json.dumps(fields)
        return [sys.executable, "-m", "launch.cli", "predict", "streams", request, "--stream", "-n", namespace]

    return words


def printed(words: list[str]) -> tuple[int, list[Any], str]:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_thousand_items_come_in_order(
    client: LaunchClient, endpoint: Any, command: Callable[..., list[str]], noted: Callable[..., Any], stream: str
) -> None:
    assert type(endpoint).__name__ == "StreamingEndpoint"
    responses = endpoint.predict(EndpointRequest(args={"stream": stream, "n": COUNT}))
    assert [(response.status, response.value) for response in responses] == [("SUCCESS", number) for number in ALL]
    assert noted(stream) == [COUNT, "all"]
    assert printed(command(stream=stream, n=COUNT)) == (0, ALL, "")
    assert list(client.get_model_bundle("streams").stream(stream=stream, n=COUNT)) == ALL


def test_of_hundreds_of_quick_streams_none_is_cut(endpoint: Any, stream: str) -> None:
    """The API server's proxy cuts one in a hundred where it knows the request's length and the answer is quick."""
    for _ in range(500):
        responses = endpoint.predict(EndpointRequest(args={"stream": stream, "n": 100}))
        assert [response.value for response in responses] == ALL[:100]


def test_a_reader_that_stops_holds_the_function_and_gets_all_when_it_goes_on(
    endpoint: Any, noted: Callable[..., Any], stream: str, show: Callable[[str], None]
) -> None:
    responses = endpoint.predict(EndpointRequest(args={"stream": stream, "n": COUNT, "size": SIZE}))
    assert next(responses).value[0] == 0
    held = at_rest(lambda: noted(stream)[0])
    show(f"of a stream that is not read, {held} of {COUNT} items of {SIZE // 1000} kB were made")
    assert held < COUNT / 2
    assert noted(stream) == [held, ""]
    for number in range(1, 200):
        assert next(responses).value[0] == number
    further = at_rest(lambda: noted(stream)[0])
    assert further < 200 + COUNT / 2, "what is read makes room for as much, and no more"
    rest = [response.value for response in responses]
    assert [number for number, _ in rest] == ALL[200:]
    assert {len(text) for _, text in rest} == {SIZE}
    assert noted(stream) == [COUNT, "all"]


def test_the_command_is_held_by_a_pipe_that_is_not_read_and_ends_the_function_when_that_closes(
    command: Callable[..., list[str]], noted: Callable[..., Any], stream: str
) -> None:
    words = command(stream=stream, n=10**9, size=SIZE)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())[0] == 0
        assert at_rest(lambda: noted(stream)[0]) < COUNT / 2
        process.stdout.close()
        wait_for("the generator's end", lambda: noted(stream)[1] == "closed", 120)
        process.wait(60)
        assert b"Traceback" not in process.stderr.read()


def test_an_error_in_the_middle_comes_after_the_items_before_it(
    endpoint: Any, command: Callable[..., list[str]], stream: str
) -> None:
    fields = {"stream": stream, "n": COUNT, "fail_at": 500}
    *items, last = endpoint.predict(EndpointRequest(args=fields))
    assert [(response.status, response.value) for response in items] == [("SUCCESS", number) for number in ALL[:500]]
    assert (last.status, last.result) == ("FAILURE", None)
    assert "PredictFailed: ValueError: no more" in last.traceback
    code, values, said = printed(command(**fields))
    assert (code, values) == (1, ALL[:500])
    assert "PredictFailed: ValueError: no more" in said


def test_a_caller_that_leaves_closes_the_generator(endpoint: Any, noted: Callable[..., Any], stream: str) -> None:
    responses = endpoint.predict(EndpointRequest(args={"stream": stream, "n": 10**9}))
    assert [next(responses).value for _ in range(3)] == [0, 1, 2]
    responses.close()
    wait_for("the generator's end", lambda: noted(stream)[1] == "closed", 120)


def test_ctrl_c_closes_the_generator(
    command: Callable[..., list[str]], noted: Callable[..., Any], stream: str, tmp_path: Path
) -> None:
    with (tmp_path / "items").open("wb") as items, (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(command(stream=stream, n=10**9), stdout=items, stderr=said)
        wait_for("items", lambda: (tmp_path / "items").stat().st_size > 10_000, 120)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert "Traceback" not in (tmp_path / "said").read_text()
    *whole, _ = (tmp_path / "items").read_text().split("\n")
    assert list(map(int, whole)) == list(range(len(whole)))
    wait_for("the generator's end", lambda: noted(stream)[1] == "closed", 120)
