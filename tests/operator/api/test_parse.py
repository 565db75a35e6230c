"""The border: an object of the API server becomes a model, or an error that says why not."""

import pytest
from modelbundle_operator.api.names import Reason, Status, parse
from modelbundle_operator.bundle.naming import child_labels, endpoint_url, short_digest
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.errors import Terminal

from tools.testkit.model_bundles import SHA256, model_bundle


def test_an_object_that_an_older_crd_let_through_names_the_field():
    with pytest.raises(Terminal, match=r"^spec\.serving\.replicas: .*Apply the CRDs") as error:
        parse(model_bundle(serving={"replicas": "many"}))
    assert error.value.reason == Reason.INVALID_VALUE


def test_what_cannot_be_read_of_a_status_is_left_out_and_the_rest_stands():
    status = {"conditions": "?", "imageID": 7, "resolved": {"of": "1", "document": "{}"}, "digest": "sha256:1"}
    read = parse({**model_bundle(), "status": status}).status
    assert (read.conditions, read.image_id, read.digest) == (None, None, "sha256:1")
    assert read.resolved is not None
    assert read.resolved.document == "{}"


def test_a_status_of_another_version_counts_as_none():
    assert parse({**model_bundle(), "status": {"conditions": "?"}}).status == Status()
    assert parse({**model_bundle(), "status": None}).status == Status()
    assert parse({**model_bundle(), "status": {"digest": "sha256:1", "new": 1}}).status.digest == "sha256:1"


def test_children_carry_four_labels_that_kubernetes_takes():
    bundle = parse(model_bundle(name="a" * 52))
    resolution = resolve(bundle)
    assert child_labels(bundle.metadata.name, resolution.digest, resolution.lineage.root) == {
        "app.kubernetes.io/managed-by": "modelbundle-operator",
        "modelbundle.dev/bundle": "a" * 52,
        "modelbundle.dev/digest": resolution.digest.removeprefix("sha256:")[:16],
        "modelbundle.dev/root": "a" * 52,
    }
    assert short_digest("sha256:" + SHA256) == SHA256[:16]
    assert endpoint_url(bundle) == f"http://{'a' * 52}.models.svc"
