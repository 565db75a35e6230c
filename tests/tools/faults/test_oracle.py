"""The second opinion itself, by examples from the documentation; and that chance makes every kind of outcome."""

from __future__ import annotations

import ast
import hashlib
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tools.faults import chance, oracle

Body = dict[str, Any]

PICKLE: Body = {
    "artifact": {"uri": "s3://a", "sha256": "0" * 64, "packaging": "cloudpickle"},
    "envParams": {"frameworkType": "pytorch", "pytorchImageTag": "1"},
}
SCHEMAS: Body = {"requestSchema": {"type": "object"}, "responseSchema": {"type": "object"}}


def bundle(name: str, replicas: int = 0, **fields: Any) -> Body:
    serving = {"replicas": replicas, "gpu": {"count": 0}}
    return {"metadata": {"name": name}, "spec": {"bundle": fields, "serving": serving}}


def judged(*bundles: Body) -> dict[str, oracle.Outcome]:
    return oracle.outcomes({each["metadata"]["name"]: each for each in bundles})


def clone(name: str, of: str, **fields: Any) -> Body:
    return bundle(name, cloneFrom={"name": of}, **fields)


def test_the_digest_is_that_of_the_document() -> None:
    found = judged(bundle("a", **PICKLE, appConfig={"b": 1.0, "\ufb33": 0, "\U0001f600": 2}))["a"]
    text = (
        '{"appConfig":{"b":1,"\U0001f600":2,"\ufb33":0},"artifact":{"packaging":"cloudpickle","sha256":"' + "0" * 64
        + '"},"envParams":{"frameworkType":"pytorch","pytorchImageTag":"1"},"schemaVersion":1}'
    )  # fmt: skip
    assert found.document == text
    assert found.digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert (found.reason, found.root, found.depth, found.changed) == ("Stored", "a", 0, ())


def test_a_clone_inherits_sets_and_clears() -> None:
    base = bundle("a", **PICKLE, **SCHEMAS, appConfigJSON='{"x": 1}', requirements=["numpy"])
    found = judged(base, clone("b", "a", requirements=[], appConfig={"y": 2}), clone("c", "b"))
    assert (found["b"].parent, found["b"].depth, found["b"].changed) == ("a", 1, ("appConfig", "requirements"))
    assert "numpy" not in found["b"].document
    assert "appConfigJSON" not in found["b"].document
    assert (found["c"].digest, found["c"].root, found["c"].depth) == (found["b"].digest, "a", 2)
    assert found["c"].changed == ()


@pytest.mark.parametrize(
    ("bundles", "reason", "stalled"),
    [
        ((clone("x", "nobody"),), "BaseNotFound", False),
        ((bundle("a", **PICKLE, requestSchema={"a": 1}), clone("x", "a")), "BaseNotResolved", True),
        ((clone("x", "y"), clone("y", "nobody")), "BaseNotResolved", False),
        ((clone("x", "x"),), "CloneCycle", True),
        ((clone("x", "y"), clone("y", "x")), "CloneCycle", True),
        ((clone("x", "y"), clone("y", "y")), "BaseNotResolved", True),
        ((bundle("x", **PICKLE, requestSchema={"a": 1}),), "InvalidSchema", True),
        ((bundle("a", **PICKLE, **SCHEMAS), clone("x", "a", responseSchema={})), "InvalidSchema", True),
        ((bundle("x", **PICKLE, appConfig={"n": 2**53}),), "InvalidValue", True),
        ((bundle("a", **PICKLE), clone("x", "a", loadModelFn="a.b")), "InvalidValue", True),
        ((bundle("x", **PICKLE, appConfig={"t": "t" * 200_000}),), "TooLarge", True),
        ((bundle("x", 1, **PICKLE),), "Serving", False),
    ],
)
def test_the_reason(bundles: tuple[Body, ...], reason: str, stalled: bool) -> None:
    found = judged(*bundles)["x"]
    assert (found.reason, found.stalled) == (reason, stalled)
    assert bool(found.digest) == (reason == "Serving")


@pytest.mark.parametrize(
    ("body", "admitted"),
    [
        (bundle("n" * 52, **PICKLE), True),
        (bundle("n" * 53, **PICKLE), False),
        (bundle("a", **PICKLE, env=[{"name": "PATHS", "value": ""}]), True),
        (bundle("a", **PICKLE, env=[{"name": "PATH", "value": ""}]), False),
        (bundle("a", **PICKLE, loadModelFn="a.b"), False),
        (bundle("a", **PICKLE, cloneFrom={"name": "b"}), False),
        (bundle("a"), False),
        (bundle("a", -1, **PICKLE), False),
        (clone("a", "n" * 52), True),
        (clone("a", "n" * 53), False),
    ],
)
def test_what_the_api_server_takes(body: Body, admitted: bool) -> None:
    assert oracle.admitted(body) == admitted


def test_nothing_of_the_product_has_a_part_in_it() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text())
    imported = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    imported |= {name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names}
    assert imported == {"__future__", "collections.abc", "dataclasses", "typing", "hashlib", "json", "re"}


def test_chance_makes_outcomes_of_every_kind() -> None:
    made = dict(chance.generate(random.Random(0), 800))
    found = Counter(each.reason or "refused" for each in oracle.outcomes(made).values())
    expected = {"Stored", "Serving", "InvalidValue", "InvalidSchema", "TooLarge", "refused"}
    expected |= {"BaseNotFound", "BaseNotResolved", "BaseChanged", "CloneCycle"}
    assert set(found) == expected
    assert min(found.values()) >= 2
