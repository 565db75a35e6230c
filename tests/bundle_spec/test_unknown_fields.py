"""A field that does not exist is named with its path; what is free-form is not looked into."""

from __future__ import annotations

from bundle_spec.admission import unknown
from tools.testkit.model_bundles import model_bundle


def test_each_unknown_field_is_said_with_what_may_be_meant() -> None:
    bundle = model_bundle("a")
    bundle["spec"]["serving"] = {"replicsa": 2, "resources": {"cpus": 1}}
    bundle["spec"]["bundle"]["appConfig"] = {"anything": {"goes": 1}}
    bundle["spec"]["more"] = 1
    found = unknown(bundle)
    assert [line.split(" ", 1)[0] for line in found] == [
        "spec.serving.replicsa",
        "spec.serving.resources.cpus",
        "spec.more",
    ]
    assert "did you mean replicas?" in found[0]
    assert "there are bundle, serving" in found[2]


def test_what_the_cluster_gives_back_has_none() -> None:
    bundle = {**model_bundle("a"), "status": {"digest": "x"}, "metadata": {"name": "a", "uid": "1"}}
    assert unknown(bundle) == []
