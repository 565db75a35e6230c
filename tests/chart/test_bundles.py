"""Bundles from values: named after their content, so that an edit in Git is a new object and never an edit of one."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
import yaml
from modelbundle_operator.api.names import parse

from tests.chart.conftest import Documents, Render, only

BUNDLE: dict[str, Any] = {
    "artifact": {"uri": "s3://models/a.zip", "sha256": "0" * 64, "packaging": "zip"},
    "envParams": {"frameworkType": "pytorch", "pytorchImageTag": "1"},
    "loadPredictFn": "predict.load",
    "loadModelFn": "model.load",
}
# what YAML's readers and Go's printers like to change
DELICATE = {
    "y": {"no": "yes", "on": "off"},
    "texts": ["1e3", "0x1f", "1_000", "012", "1.0", "~", "null", "=", "<<", "2001-01-01", "1:30", " a ", "é\u2028\n"],
    "numbers": [0, -1, 1.5, 1e-7, 12345678, 9007199254740991, 1e300],
    "flags": [True, False],
    "empty": [{}, [], ""],
}


def bundle(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BUNDLE), **more}


def name_of(documents: Documents, entry: str = "sentiment") -> str:
    (found,) = [
        d["metadata"]["name"]
        for d in documents
        if d["kind"] == "ModelBundle" and d["metadata"]["labels"]["modelbundle.dev/bundle-name"] == entry
    ]
    return str(found)


def test_a_bundle_is_rendered_as_it_is_written(render: Render) -> None:
    documents = render.bundles(sentiment={"bundle": BUNDLE, "serving": {"replicas": 0}})
    (found,) = documents
    assert found["spec"] == {"bundle": BUNDLE, "serving": {"replicas": 0}}
    assert found["metadata"]["namespace"] == "modelbundle-system"
    parse({**found, "metadata": {**found["metadata"], "uid": "u", "generation": 1}})


def test_delicate_values_come_through(render: Render) -> None:
    asked = bundle(appConfig=DELICATE, requestSchema={"properties": {"y": {"type": "string"}}}, responseSchema={})
    done = render.try_to({"operator": {"enabled": False}, "bundles": {"sentiment": {"bundle": asked}}})
    (found,) = [d for d in yaml.safe_load_all(done.stdout) if d]
    # PyYAML reads 1e-07 and 1e+300 as texts; Kubernetes does not
    as_numbers = [float(number) for number in found["spec"]["bundle"]["appConfig"].pop("numbers")]
    assert as_numbers == DELICATE["numbers"]
    asked["appConfig"] = {name: value for name, value in DELICATE.items() if name != "numbers"}
    assert found["spec"]["bundle"] == asked


def test_quantities_are_numbers_as_they_are_written(render: Render) -> None:
    serving = {"resources": {"cpu": 0.5, "memory": "MEMORY"}}
    entry = json.dumps({"bundle": BUNDLE, "serving": serving}).replace('"MEMORY"', "1e9")
    done = render.try_to(f"operator: {{enabled: false}}\nbundles: {{sentiment: {entry}}}\n")
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^ +(cpu|memory): (.+)$", done.stdout, re.MULTILINE))
    assert {name: float(number) for name, number in found.items()} == {"cpu": 0.5, "memory": 1e9}  # without quotes


def test_the_name_is_the_entrys_with_a_hash(render: Render) -> None:
    assert re.fullmatch("sentiment-[0-9a-f]{10}", name_of(render.bundles(sentiment={"bundle": BUNDLE})))


@pytest.mark.parametrize(
    "edit",
    [
        {"appConfig": {"mode": "batched"}},
        {"requirements": ["numpy==2.0"]},
        {"env": [{"name": "A", "value": "1"}]},
        {"artifact": {**BUNDLE["artifact"], "uri": "s3://models/b.zip"}},
        {"envParams": {"frameworkType": "pytorch", "pytorchImageTag": "2"}},
        {"loadModelFn": "model.other"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edit_of_the_content_is_another_name(render: Render, edit: dict[str, Any]) -> None:
    before, after = (name_of(render.bundles(sentiment={"bundle": b})) for b in (BUNDLE, bundle(**edit)))
    assert before != after


def test_serving_is_no_content(render: Render) -> None:
    names = {
        name_of(render.bundles(sentiment={"bundle": BUNDLE, "serving": {"replicas": number}})) for number in (0, 1, 7)
    }
    assert len(names) == 1


def test_the_order_of_keys_is_no_content(render: Render) -> None:
    turned = dict(reversed(list(BUNDLE.items())))
    names = {name_of(render.bundles(sentiment={"bundle": b})) for b in (BUNDLE, turned)}
    assert len(names) == 1


def test_an_exact_name_is_taken_as_it_is(render: Render) -> None:
    assert name_of(render.bundles(sentiment={"bundle": BUNDLE, "name": "sentiment-v3"})) == "sentiment-v3"


def test_an_endpoint_names_the_bundle_of_now(render: Render) -> None:
    for content in (BUNDLE, bundle(appConfig={"mode": "batched"})):
        documents = render.bundles(sentiment={"bundle": content, "endpoint": True})
        endpoint = only(documents, "ModelEndpoint")
        assert endpoint["metadata"]["name"] == "sentiment"
        assert endpoint["spec"] == {"bundle": name_of(documents)}


def test_an_endpoint_and_its_bundle_do_not_share_a_name(render: Render) -> None:
    entry = {"bundle": BUNDLE, "endpoint": True, "name": "sentiment"}
    done = render.try_to({"operator": {"enabled": False}, "bundles": {"sentiment": entry}})
    assert done.returncode
    assert "bundles.sentiment: the bundle's name must differ from the endpoint's" in done.stderr


def clone(base: str, **more: Any) -> dict[str, Any]:
    return {"bundle": {"cloneFrom": {"name": base}, **more}}


def test_a_clone_of_an_entry_names_its_bundle(render: Render) -> None:
    documents = render.bundles(sentiment={"bundle": BUNDLE}, batched=clone("sentiment"))
    found = only(documents, "ModelBundle", name_of(documents, "batched"))
    assert found["spec"]["bundle"]["cloneFrom"]["name"] == name_of(documents)


def test_a_clone_follows_its_base_by_a_name_of_its_own(render: Render) -> None:
    names = set()
    for content in (BUNDLE, bundle(requirements=["numpy"])):
        documents = render.bundles(sentiment={"bundle": content}, batched=clone("sentiment"), again=clone("batched"))
        names.add(name_of(documents, "again"))
    assert len(names) == 2


def test_a_clone_of_something_else_is_left_alone(render: Render) -> None:
    (found,) = render.bundles(batched=clone("elsewhere"))
    assert found["spec"]["bundle"]["cloneFrom"]["name"] == "elsewhere"


def test_a_circle_of_clones_is_refused_with_its_members(render: Render) -> None:
    done = render.try_to({"operator": {"enabled": False}, "bundles": {"a": clone("b"), "b": clone("a")}})
    assert done.returncode
    assert "bundles: a -> b -> a: a bundle cannot be cloned from itself" in done.stderr


@pytest.mark.parametrize("keep", [True, False])
def test_what_values_no_longer_name_is_kept_unless_told(render: Render, keep: bool) -> None:
    values = {
        "operator": {"enabled": False},
        "keepBundles": keep,
        "bundles": {"sentiment": {"bundle": BUNDLE, "endpoint": True}},
    }
    for document in render(values):
        assert document["metadata"].get("annotations") == ({"helm.sh/resource-policy": "keep"} if keep else None)


def test_nothing_of_argo_cd_or_helm_is_needed_to_sync_them(render: Render) -> None:
    """No hooks, no waves: custom resources come last by themselves."""
    documents = render({"bundles": {"sentiment": {"bundle": BUNDLE}}, "keepBundles": False})
    assert "annotations" not in only(documents, "ModelBundle")["metadata"]


def test_without_the_operator_there_are_bundles_and_nothing_else(render: Render) -> None:
    assert {d["kind"] for d in render.bundles(sentiment={"bundle": BUNDLE})} == {"ModelBundle"}
    assert render.bundles() == []


@pytest.mark.parametrize(
    ("roles", "labels"),
    [
        ({}, {"modelbundle-viewer": {"view"}, "modelbundle-editor": set()}),
        ({"aggregateToEdit": True}, {"modelbundle-viewer": {"view"}, "modelbundle-editor": {"edit"}}),
        ({"aggregateToView": False}, {"modelbundle-viewer": set(), "modelbundle-editor": set()}),
    ],
)
def test_roles_for_people_hand_out_no_pods_unless_told(
    render: Render, roles: dict[str, bool], labels: dict[str, set[str]]
) -> None:
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    found = {
        role["metadata"]["name"]: {label.removeprefix(prefix) for label in role["metadata"].get("labels", {})}
        for role in render({"roles": roles})
        if role["kind"] == "ClusterRole" and role["metadata"]["name"] != "modelbundle-operator"
    }
    assert found == labels


def test_roles_for_people_are_of_the_namespaces_the_operator_is_limited_to(render: Render) -> None:
    documents = render.operator(watchNamespaces=["team-a"])
    for name in ("modelbundle-viewer", "modelbundle-editor"):
        assert only(documents, "Role", name)["metadata"]["namespace"] == "team-a"


def test_roles_for_people_may_be_left_out(render: Render) -> None:
    assert not [d for d in render({"roles": {"create": False}}) if d["metadata"]["name"].endswith(("viewer", "editor"))]
