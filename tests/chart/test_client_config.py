"""What the chart publishes to clients: where every client may read it, that one name, and no more than is set."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from launch.stores.published_store import CONFIG_MAP, PUBLIC_NAMESPACE

if TYPE_CHECKING:
    from tests.chart.conftest import Helm

CLIENT = {
    "artifactUri": "s3://team/bundles",
    "s3EndpointUrl": "http://s3.example:9000",
    "s3AddressingStyle": "virtual",
}
Render = Callable[..., list[dict[str, Any]]]


def published(documents: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The published objects by namespace and kind."""
    return {
        (document["metadata"]["namespace"], document["kind"]): document
        for document in documents
        if document["metadata"]["name"] == CONFIG_MAP
    }


def test_without_a_store_nothing_is_published(render: Render) -> None:
    assert published(render()) == {}
    assert published(render(json.dumps({"operator": {"client": {"s3Region": "eu-west-1"}}}))) == {}


def test_the_label_of_gpu_types_needs_no_store(render: Render) -> None:
    found = published(render(json.dumps({"operator": {"client": {"gpuTypeLabel": "example.com/gpu"}}})))
    assert found[PUBLIC_NAMESPACE, "ConfigMap"]["data"] == {"gpuTypeLabel": "example.com/gpu"}


def test_the_store_is_published_to_every_authenticated_user(render: Render) -> None:
    found = published(render(json.dumps({"operator": {"client": CLIENT}})))
    assert set(found) == {(PUBLIC_NAMESPACE, kind) for kind in ("ConfigMap", "Role", "RoleBinding")}
    assert found[PUBLIC_NAMESPACE, "ConfigMap"]["data"] == CLIENT
    assert found[PUBLIC_NAMESPACE, "Role"]["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [CONFIG_MAP], "verbs": ["get"]}
    ]
    binding = found[PUBLIC_NAMESPACE, "RoleBinding"]
    assert binding["roleRef"]["name"] == CONFIG_MAP
    assert [subject["name"] for subject in binding["subjects"]] == ["system:authenticated"]


def test_an_operator_of_some_namespaces_publishes_in_those(render: Render) -> None:
    values = {"operator": {"client": CLIENT, "watchNamespaces": ["team-a", "team-b"]}}
    found = published(render(json.dumps(values)))
    assert {namespace for namespace, _ in found} == {"team-a", "team-b"}
    assert len(found) == 6


@pytest.mark.parametrize(
    "client",
    [
        "{artifactUri: /data}",
        "{artifactUri: 's3://'}",
        "{s3EndpointUrl: 's3.example'}",
        "{secretKey: x}",
        "{s3AddressingStyle: host}",
    ],
)
def test_wrong_values_are_refused(helm: Helm, client: str) -> None:
    done = helm("template", ".", "--kube-version", "1.35.4", "-f", "-", stdin=f"operator: {{client: {client}}}")
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr
