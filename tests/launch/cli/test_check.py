"""`modelbundle check` says offline what a cluster would refuse, for a person and for a program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from launch.bundle.manifest import dump
from tools.testkit.model_bundles import model_bundle


def bundle(name: Any = "sentiment-v3", **fields: Any) -> dict[str, Any]:
    """As a person writes it."""
    found = model_bundle("x", **fields)
    return {**found, "metadata": {"name": name} if name else {}}


@pytest.fixture
def written(tmp_path):
    def write(*bundles: dict[str, Any]) -> Any:
        file = tmp_path / "bundles.yaml"
        file.write_text("---\n".join(map(dump, bundles)))
        return file

    return write


def test_what_a_cluster_takes_is_ok_with_its_digest(modelbundle_here, written):
    file = written(bundle())
    digest = modelbundle_here("digest", file).out.strip()
    done = modelbundle_here("check", file)
    assert (done.code, done.out) == (0, f"{file}: sentiment-v3: ok, {digest}\n")


OLDEST = {"$schema": "http://json-schema.org/draft-03/schema#", "type": "object"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"serving": {"replicas": -1}}, "spec.serving.replicas is -1"),
        ({"serving": {"replicsa": 1}}, "spec.serving.replicsa is not a field of a bundle: did you mean replicas?"),
        ({"serving": {"requestTimeoutSeconds": "2"}}, "spec.serving.requestTimeoutSeconds is"),
        ({"env": [{"name": "1BAD", "value": ""}]}, "spec.bundle.env[0].name"),
        ({"env": [{"name": "LD_PRELOAD", "value": ""}]}, "spec.bundle.env[0].name"),
        ({"requirements": ["scikit learn"]}, "spec.bundle.requirements[0]"),
        ({"responseSchema": None}, "give both schemas, or none"),
        ({"requestSchema": OLDEST}, "spec.bundle.requestSchema"),
        ({"requestSchema": {"type": "objekt"}}, "spec.bundle.requestSchema"),
        ({"requestSchema": {"type": "object", "properties": {"x": {"pattern": "(("}}}}, "spec.bundle.requestSchema"),
        ({"appConfig": {"seed": 2**60}}, "spec.bundle.appConfig.seed"),
        ({"artifact": {"uri": "bundle.pkl", "sha256": "0" * 64, "packaging": "cloudpickle"}}, "artifact.uri"),
        ({"artifact": {"uri": "file:///b.pkl", "sha256": "0" * 64, "packaging": "cloudpickle"}}, "no pod can read"),
        ({"name": "Sentiment_v3"}, "metadata.name must be a DNS-1035 label"),
        ({"name": None}, "metadata.name is missing"),
    ],
)
def test_what_it_refuses_is_said_with_its_place(modelbundle_here, tmp_path, fields, says):
    file = tmp_path / "b.json"
    file.write_text(json.dumps(bundle(**fields)))
    done = modelbundle_here("check", file)
    assert (done.code, done.err) == (1, "")
    assert says in done.out
    found = json.loads(modelbundle_here("check", file, "-o", "json").out)
    assert not found["ok"]
    assert [says in line for line in found["bundles"][0]["problems"]] == [True]


def test_each_bundle_of_a_file_is_checked_and_a_clone_with_its_base(modelbundle_here, written):
    clone = bundle("clone")
    clone["spec"]["bundle"] = {"cloneFrom": {"name": "sentiment-v3"}, "requirements": ["numpy==2.1.0"]}
    done = modelbundle_here("check", written(bundle(), clone, bundle("third", requirements=["-r x"])), "-o", "json")
    found = json.loads(done.out)["bundles"]
    assert [(row["name"], row["ok"], bool(row["digest"])) for row in found] == [
        ("sentiment-v3", True, True),
        ("clone", True, True),
        ("third", False, False),
    ]
    alone = modelbundle_here("check", written(clone))
    assert (alone.code, "give --base FILE that holds sentiment-v3" in alone.out) == (0, True)


def test_a_name_that_is_there_twice_is_refused(modelbundle_here, written):
    done = modelbundle_here("check", written(bundle(), bundle(requirements=["numpy"])))
    assert (done.code, done.out.count("is in the file twice")) == (1, 2)


def test_it_reads_standard_input_and_names_what_is_code(modelbundle, tmp_path):
    done = modelbundle("check", "-", stdin=dump(bundle()))
    assert (done.code, done.out.startswith("-: sentiment-v3: ok")) == (0, True)
    code = modelbundle("check", tmp_path / "f.py")
    assert (code.code, "`modelbundle serve" in code.err) == (64, True)
    none = modelbundle("check", tmp_path / "none.yaml", "-o", "json")
    assert (none.code, json.loads(none.err)["error"]["code"]) == (1, "InvalidManifest")


def test_a_field_that_no_bundle_has_is_refused_by_serve_too(modelbundle_here, written):
    done = modelbundle_here("serve", written(bundle(serving={"replicsa": 1})))
    assert (done.code, "spec.serving.replicsa is not a field of a bundle" in done.err) == (1, True)
