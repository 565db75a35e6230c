"""The CRD file is what the models say, and both judge alike."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from modelbundle_operator.api.names import ModelBundle, Spec
from modelbundle_operator.tools.crd import ENDPOINTS, RESOURCES, custom_resource_definition, main, object_schema
from modelbundle_operator.tools.crd_reference import reference
from pydantic import ValidationError

from tools.testkit.crd_corpus import RULE_ERRORS, SCHEMA_ERRORS, VALID, artifact
from tools.testkit.model_bundles import ARTIFACT, model_bundle

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("plural", RESOURCES)
def test_the_file_is_current_and_small(monkeypatch, plural):
    file = ROOT / "crds" / f"{plural}.yaml"
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    main([plural])
    assert file.read_text() == out.getvalue(), "run make crd and commit what it writes"
    assert len(file.read_bytes()) < 64 * 1024
    assert yaml.safe_load(file.read_text()) == custom_resource_definition(RESOURCES[plural])


def test_the_reference_is_current():
    page = ROOT / "docs" / "reference" / "crd.md"
    assert page.read_text() == reference(), "run make crd and commit what it writes"


def nodes(schema: dict[str, Any], path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, itself included."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from nodes(below, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], f"{path}[]")


SCHEMA = object_schema()
SPEC = dict(nodes(SCHEMA["properties"]["spec"])) | dict(nodes(object_schema(ENDPOINTS)["properties"]["spec"], "$mend"))


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_every_field_is_described(resource):
    fields = [(path, node) for path, node in nodes(object_schema(resource)) if "." in path and path[-1] != "]"]
    assert [path for path, node in fields if "description" not in node] == ["$.metadata"]


def test_everything_is_bounded():
    unbounded = []
    for path, node in SPEC.items():
        kind = node.get("type")
        missing = {
            "string": "maxLength" not in node and "enum" not in node,
            "array": "maxItems" not in node,
            "integer": "maximum" not in node or "minimum" not in node,
            "object": "additionalProperties" in node and "maxProperties" not in node,
        }
        if missing.get(str(kind)):
            unbounded.append(path)
    assert not unbounded


def test_free_form_maps_have_no_rename_hole():
    """`preserve-unknown-fields` on an object lets a key be renamed under `self == oldSelf`; on values it does not."""
    any_value = {"x-kubernetes-preserve-unknown-fields": True, "nullable": True}
    for field in ("appConfig", "requestSchema", "responseSchema"):
        node = SPEC[f"$.bundle.{field}"]
        assert node["type"] == "object"
        assert node["additionalProperties"] == any_value
        assert node["x-kubernetes-map-type"] == "atomic", "managedFields would have an entry for each key in it"
    preserving = [path for path, node in SPEC.items() if node.get("x-kubernetes-preserve-unknown-fields")]
    quantities = {path for path in preserving if {"pattern", "maxLength", "minimum"} <= SPEC[path].keys()}
    assert all(path.endswith("[]") for path in set(preserving) - quantities)
    assert not [path for path in quantities if "bundle" in path]


def test_lists_under_the_bundle_are_atomic():
    """A keyed list would be equal in any order, and a stored byte would change under the immutability rule."""
    assert not [path for path, node in SPEC.items() if "bundle" in path and "x-kubernetes-list-type" in node]


def test_the_bundle_is_required_and_locked():
    assert SCHEMA["required"] == ["spec"]
    assert SCHEMA["properties"]["spec"]["required"] == ["bundle"]
    assert "self == oldSelf" in [rule["rule"] for rule in SPEC["$.bundle"]["x-kubernetes-validations"]]


def test_defaults():
    found = {path: node["default"] for path, node in nodes(SCHEMA) if "default" in node}
    assert found == {
        "$.spec.serving": {},
        "$.spec.serving.replicas": 1,
        "$.spec.serving.gpu": {},
        "$.spec.serving.gpu.count": 1,
        "$.spec.serving.gpu.resourceName": "nvidia.com/gpu",
        "$.spec.serving.maxConcurrency": 1,
        "$.spec.serving.requestTimeoutSeconds": 60,
        "$.spec.serving.maxRequestBytes": 67108864,
        "$.spec.serving.idleSeconds": 75,
        "$.spec.serving.startupTimeoutSeconds": 600,
        "$.spec.serving.rollout": {},
        "$.spec.serving.rollout.whenNoCapacity": "Wait",
        "$.spec.serving.tracebacks": False,
        "$.spec.serving.accessLog": False,
        "$.spec.serving.volumes[].readOnly": True,
        "$.spec.serving.topologySpread[].maxSkew": 1,
        "$.spec.serving.topologySpread[].whenUnsatisfiable": "ScheduleAnyway",
        "$.spec.serving.safeToEvict": False,
        "$.spec.serving.disruptionBudget": True,
        "$.status": {},
        "$.status.observedGeneration": -1,
        "$.status.conditions[].message": "",
        "$.status.conditions[].observedGeneration": 0,
    }


def test_rules_have_messages_of_one_line():
    for path, node in nodes(SCHEMA):
        for rule in node.get("x-kubernetes-validations", []):
            assert set(rule) == {"rule", "message"}, path
            assert "\n" not in rule["message"], path


def json_schema(node: dict[str, Any]) -> dict[str, Any]:
    """A structural schema as JSON Schema."""
    found = {key: value for key, value in node.items() if not key.startswith("x-") and key != "nullable"}
    if node.get("x-kubernetes-preserve-unknown-fields") and "pattern" in node:  # a quantity
        found["type"] = ["number", "string"]
    if "properties" in node:
        found["properties"] = {name: json_schema(below) for name, below in node["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in node:
            found[key] = json_schema(node[key])
    return found


SPEC_VALIDATOR = jsonschema_rs.Draft202012Validator(json_schema(SCHEMA["properties"]["spec"]))


@pytest.mark.parametrize(("why", "obj"), [*VALID, *((why, obj) for why, obj, _ in RULE_ERRORS)])
def test_schema_and_models_accept(why, obj):
    assert SPEC_VALIDATOR.is_valid(obj["spec"]), why
    ModelBundle.model_validate(obj)


@pytest.mark.parametrize(("why", "obj"), SCHEMA_ERRORS)
def test_schema_and_models_refuse(why, obj):
    assert not SPEC_VALIDATOR.is_valid(obj["spec"]), why
    with pytest.raises(ValidationError):
        Spec.model_validate(obj["spec"])


def test_a_null_is_unset():
    obj = model_bundle(**artifact(cloudpickleVersion=None), serving={"gpu": None, "replicas": None})
    obj["spec"]["bundle"]["env"] = None
    plain = model_bundle(artifact={name: value for name, value in ARTIFACT.items() if name != "cloudpickleVersion"})
    assert ModelBundle.model_validate(obj).spec == ModelBundle.model_validate(plain).spec


def test_no_category_is_the_name_of_a_resource() -> None:
    """kubectl takes such a name for the category: `delete modelbundles --all` would delete the endpoints too."""
    names = [custom_resource_definition(resource)["spec"]["names"] for resource in RESOURCES.values()]
    resources = {word for name in names for word in (name["plural"], name["singular"], *name["shortNames"])}
    assert not resources & {category for name in names for category in name["categories"]}
