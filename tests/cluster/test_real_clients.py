"""Clients that others wrote call a served bundle, unchanged: what they rely on is the protocol, not our reading of it.

Each but Triton's has an environment of its own, as they ask for each other's dependencies in other versions.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import pytest
import tritonclient.http as triton

from tests.cluster.bundles import INTEGER, REQUEST, cpu_bundle, wait_ready
from tools.testkit.call import post, service_url
from tools.testkit.environments import python_with
from tools.testkit.kubectl import apply, wait_for
from tools.testkit.store import Store

NAME = "called"
PYTHON = "3.12"
PATIENT = ("--suppress-health-check", "too_slow")  # how fast it makes its requests says nothing of the server


@pytest.fixture(scope="module")
def url(operator: object, make_namespace: Callable[..., str], store: Store) -> Iterator[str]:
    namespace = make_namespace("clients")
    apply(cpu_bundle(store, NAME, requestSchema=REQUEST, responseSchema=INTEGER), namespace=namespace)
    wait_ready(NAME, namespace)
    with service_url(NAME, namespace) as found:
        wait_for("an answer", lambda: post(f"{found}/predict", {"x": 1, "y": ""}, 5).status == 200, 60)
        yield found


@pytest.mark.parametrize("binary", [False, True])
def test_tritonclient(url: str, binary: bool) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready(NAME)
        metadata = client.get_model_metadata(NAME)
        assert [entry["name"] for entry in metadata["inputs"]] == ["x", "y"]
        x, y = triton.InferInput("x", [1], "INT64"), triton.InferInput("y", [1], "BYTES")
        x.set_data_from_numpy(numpy.array([2]), binary_data=binary)
        y.set_data_from_numpy(numpy.array([b"abc"], object), binary_data=binary)
        outputs = [triton.InferRequestedOutput("output", binary_data=binary)]
        answer = client.infer(NAME, [x, y], outputs=outputs, request_id="seven")
        assert answer.as_numpy("output").tolist() == [7]
        assert answer.get_response()["id"] == "seven"


def test_kserve(url: str) -> None:
    python = python_with(PYTHON, "kserve==0.21.0")
    said = json.loads(_run(python, str(Path(__file__).with_name("kserve_calls.py")), url, NAME))
    v2 = {"live": True, "ready": True, "model": True, "id": "seven", "outputs": {"output": [7]}}
    assert said == {
        "v1": {"live": True, "model": True, "predictions": [7, 0]},
        "v2": v2,
        "v2 binary": v2,
    }


def test_mlserver_infer(url: str, tmp_path: Path) -> None:
    python = python_with(PYTHON, "mlserver==1.7.1")
    rows = {"first": (2, "abc", 7), "second": (0, "", 0), "third": (-1, "é", -1)}
    given, answers = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
    given.write_text("".join(json.dumps(_infer(id, x, y)) + "\n" for id, (x, y, _) in rows.items()))
    command = ("infer", "--url", url.removeprefix("http://"), "--model-name", NAME, "--workers", "2")
    _run(python.with_name("mlserver"), *command, "--input-data-path", str(given), "--output-data-path", str(answers))
    found = {answer["id"]: answer["outputs"][0]["data"] for answer in map(json.loads, answers.read_text().splitlines())}
    assert found == {id: [expected] for id, (_, _, expected) in rows.items()}


def test_schemathesis(url: str, tmp_path: Path, show: Callable[[str], None]) -> None:
    """All of its checks, on requests that fit the bundle's document and on requests that do not, from one seed."""
    python = python_with(PYTHON, "schemathesis==4.32.5")
    options = ("--max-examples", "50", "--seed", "7", "--continue-on-failure", "--no-color", *PATIENT)
    printed = _run(python.with_name("schemathesis"), "run", f"{url}/openapi.json", *options, directory=tmp_path)
    (counted,) = (line.strip() for line in printed.splitlines() if "generated" in line)
    show(f"schemathesis on a bundle's /openapi.json, all checks: {counted}")


def _infer(id: str, x: int, y: str) -> dict[str, object]:
    inputs = [
        {"name": "x", "datatype": "INT64", "shape": [1], "data": [x]},
        {"name": "y", "datatype": "BYTES", "shape": [1], "data": [y]},
    ]
    return {"id": id, "inputs": inputs}


def _run(program: Path, *arguments: str, directory: Path | None = None) -> str:
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=480, check=False, cwd=directory
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout
