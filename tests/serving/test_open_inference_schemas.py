"""Tensors as large as images on a bundle with schemas: checked both ways, and a violation still has its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.serving.conftest import code_bundle
from tools.testkit.pair import Pair, stopping

MODEL = """
import numpy

def predict(image, gain, want="image"):
    if want == "nan":
        return {"image": numpy.full((224, 224, 3), numpy.nan), "mean": 0.0}
    return {"image": image * gain, "mean": float(image.mean())}
"""


def image(element: Any, **more: Any) -> dict[str, Any]:
    for _ in range(3):
        element = {"type": "array", "items": element}
    return {**element, **more}


DOCUMENT = {
    "requestSchema": {
        "type": "object",
        "properties": {
            "image": image({"type": "integer", "minimum": 0, "maximum": 255}, maxItems=224),
            "gain": {"type": "number", "minimum": 0},
            "want": {"type": "string"},
        },
        "required": ["image", "gain"],
        "additionalProperties": False,
    },
    "responseSchema": {
        "type": "object",
        "properties": {"image": image({"$ref": "#/$defs/Element"}), "mean": {"type": "number", "maximum": 100}},
        "required": ["image", "mean"],
        "$defs": {"Element": {"type": "number"}},
    },
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    root = tmp_path_factory.mktemp("camera") / "root"
    code_bundle(root, MODEL)
    with stopping(Pair(root, DOCUMENT, name="camera")) as pair:
        pair.start()
        with triton.InferenceServerClient(f"127.0.0.1:{pair.port}") as client:
            yield client


def ask(client: Any, pixels: Any, datatype: str = "UINT8", **others: Any) -> Any:
    inputs = [triton.InferInput("image", list(pixels.shape), datatype)]
    inputs[0].set_data_from_numpy(pixels)
    for name, (value, kind) in {"gain": (0.5, "FP64"), **others}.items():
        inputs.append(triton.InferInput(name, [1], kind))
        inputs[-1].set_data_from_numpy(numpy.array([value], None if kind == "FP64" else object))
    return client.infer("camera", inputs)


@pytest.fixture(scope="module")
def pixels() -> Any:
    return numpy.random.default_rng(0).integers(0, 100, (224, 224, 3), dtype=numpy.uint8)


def test_what_fits(client: Any, pixels: Any) -> None:
    answer = ask(client, pixels)
    assert (answer.as_numpy("image") == pixels * 0.5).all()
    assert answer.as_numpy("mean")[0] == pixels.mean()


def test_whole_floats_are_integers_and_others_are_not(client: Any, pixels: Any) -> None:
    floats = pixels.astype(numpy.float32)
    assert (ask(client, floats, "FP32").as_numpy("image") == floats * 0.5).all()
    floats[223, 0, 2] = 0.25
    with pytest.raises(InferenceServerException, match=r"RequestSchemaViolation.*\$\.image\[223\]\[0\]\[2\]"):
        ask(client, floats, "FP32")


@pytest.mark.parametrize("element", [-1, 256])
def test_one_element_out_of_range(client: Any, pixels: Any, element: int) -> None:
    wide = pixels.astype(numpy.int16)
    ask(client, wide, "INT16")
    wide[0, 17, 1] = element
    with pytest.raises(InferenceServerException, match=r"\$\.image\[0\]\[17\]\[1\]"):
        ask(client, wide, "INT16")


@pytest.mark.parametrize("shape", [(225, 224, 3), (224, 224), (1, 224, 224, 3)])
def test_another_shape(client: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(InferenceServerException, match=r"RequestSchemaViolation.*\$\.image"):
        ask(client, numpy.zeros(shape, numpy.uint8))


def test_what_is_beside_it(client: Any, pixels: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"RequestSchemaViolation.*\$\.gain"):
        ask(client, pixels, gain=(-1.0, "FP64"))
    with pytest.raises(InferenceServerException, match=r"RequestSchemaViolation.*other"):
        ask(client, pixels, other=(1.0, "FP64"))


def test_a_broken_promise(client: Any, pixels: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"ResponseSchemaViolation.*\$\.mean"):
        ask(client, pixels + 150)
    with pytest.raises(InferenceServerException, match=r"ResponseSchemaViolation.*\$\.image\[0\]\[0\]\[0\]"):
        ask(client, pixels, want=(b"nan", "BYTES"))
