"""`digest --explain`, for files, clones in files and names; and the digest as anybody may recompute it."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import digest
from launch.bundle.manifest import dump
from tests.launch.families import ROOT, clone, root, waiting


def manifest(name: str = "v1", **bundle: object) -> dict:
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": name},
        "spec": {"bundle": bundle},
    }


FIELDS = ("envParams", "requirements", "appConfig", "appConfigJSON", "loadPredictFn", "loadModelFn")
SCHEMAS = ("requestSchema", "responseSchema")


def recomputed(bundle: dict) -> str:
    """docs/reference/digest.md with nothing of ours; of fractions only those that Python and JavaScript write alike."""
    document = {"schemaVersion": 1, **{field: bundle.get(field) for field in (*FIELDS, *SCHEMAS)}}
    document["artifact"] = {key: value for key, value in bundle["artifact"].items() if key != "uri"}
    document["env"] = [{"name": entry["name"], "value": entry.get("value", "")} for entry in bundle.get("env") or []]
    document = {key: value for key, value in document.items() if value not in (None, {}, [])}
    return "sha256:" + hashlib.sha256(jcs(document).encode()).hexdigest()


def jcs(value: object) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{text(key)}:{jcs(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text(value) if isinstance(value, str) else json.dumps(value)


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # it escapes what RFC 8785 escapes, and no more


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.integers(-1000, 1000).map(lambda n: n / 8)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(
    st.dictionaries(st.text(), JSON, max_size=5),
    st.dictionaries(st.text(), JSON, max_size=3),
    st.lists(st.text(), max_size=3),
    st.lists(st.fixed_dictionaries({"name": st.text(min_size=1)}, optional={"value": st.text()}), max_size=3),
)
def test_anybody_can_recompute_the_digest_from_the_page(config, schema, requirements, env):
    bundle = {**ROOT, "appConfig": config, "requestSchema": schema, "requirements": requirements, "env": env}
    assert digest(canonical(bundle_document(bundle))) == recomputed(bundle)


def test_a_file_is_explained_part_by_part(modelbundle_here, tmp_path):
    (tmp_path / "b.yaml").write_text(dump(manifest(**ROOT)))
    result = json.loads(modelbundle_here("digest", tmp_path / "b.yaml", "--explain", "-o", "json").out)
    document = modelbundle_here("digest", tmp_path / "b.yaml", "-o", "document").out.encode()
    assert result["digest"] == recomputed(ROOT) == "sha256:" + hashlib.sha256(document).hexdigest()
    assert result["bytes"] == len(document)
    for part in result["parts"]:
        assert document[part["offset"] : part["offset"] + part["bytes"]].decode() == part["canonical"]
        assert document[: part["offset"]].endswith(f'"{part["field"]}":'.encode())
    assert result["absent"] == ["requestSchema", "responseSchema"]
    people = modelbundle_here("digest", tmp_path / "b.yaml", "--explain").out
    assert '{"layers":[1,2],"mode":"single"}' in people
    assert "artifact.uri (s3://models/a.zip)" in people


def test_a_name_is_what_the_operator_resolved(api, modelbundle_here):
    base = root("v1")
    config = api(base, clone(base, "v2", appConfig={"mode": "batched"}), waiting("v3", "nowhere"))
    done = modelbundle_here("digest", "v2", KUBECONFIG=config)
    assert done.out.strip() == recomputed({**ROOT, "appConfig": {"mode": "batched"}})
    explained = modelbundle_here("digest", "v2", "--explain", KUBECONFIG=config).out
    assert "kubectl get configmap v2 -o jsonpath='{.data.bundle\\.json}' | sha256sum" in explained
    assert "kubectl get mbun v2 -o jsonpath='{.status.resolved.document}' | sha256sum" in explained
    unresolved = modelbundle_here("digest", "v3", KUBECONFIG=config)
    assert (unresolved.code, unresolved.err) == (
        1,
        "Error: v3 is a clone of nowhere and not resolved: BaseNotFound: as it is\n",
    )
    missing = modelbundle_here("digest", "v4", "-o", "json", KUBECONFIG=config)
    assert (missing.code, json.loads(missing.err)["error"]["code"]) == (1, "NotFound")


def test_of_a_stored_bundle_no_config_map_is_named(api, modelbundle_here):
    base = root("v1", "Stored")
    stored = clone(base, "v2", "Stored", appConfig={"mode": "batched"})
    for bundle in (base, stored):
        bundle["spec"]["serving"]["replicas"] = 0
    config = api(base, stored)
    of_base, of_clone = (modelbundle_here("digest", name, "--explain", KUBECONFIG=config).out for name in ("v1", "v2"))
    assert of_base.splitlines()[-1].endswith("modelbundle digest v1 -o document | sha256sum")
    assert of_clone.splitlines()[-1].endswith(
        "kubectl get mbun v2 -o jsonpath='{.status.resolved.document}' | sha256sum"
    )


def test_an_operator_of_another_version_is_not_contradicted_silently(api, modelbundle_here):
    base = root("v1")
    base["status"]["digest"] = "sha256:" + "0" * 64
    done = modelbundle_here("digest", "v1", KUBECONFIG=api(base))
    assert done.code == 1
    assert "of different versions" in done.err


def test_a_clone_in_a_file_has_its_base_from_a_file_or_the_cluster(api, modelbundle_here, tmp_path):
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    (tmp_path / "v2.yaml").write_text(dump(manifest("v2", cloneFrom={"name": "v1"}, requirements=[])))
    (tmp_path / "v3.yaml").write_text(dump(manifest("v3", cloneFrom={"name": "v2"}, env=[])))
    wanted = recomputed({**ROOT, "requirements": [], "env": []})
    words = ["digest", tmp_path / "v3.yaml", "--base", tmp_path / "v2.yaml"]
    assert modelbundle_here(*words, "--base", tmp_path / "v1.yaml").out.strip() == wanted
    assert modelbundle_here(*words, KUBECONFIG=api(root("v1"))).out.strip() == wanted


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ({"cloneFrom": {"name": "v1", "digest": "sha256:" + "0" * 64}}, "another bundle of that name"),
        ({"cloneFrom": {"name": "v1"}, "artifact": ROOT["artifact"]}, "spec.bundle.artifact cannot be changed"),
        ({"cloneFrom": {"name": "v2"}}, "v2 is derived from itself: v2 -> v2"),
        ({"cloneFrom": "v1"}, "cloneFrom needs the name"),
        ({"cloneFrom": {"name": "v1"}, "appConfigJSON": "[]"}, "spec.bundle.appConfigJSON must be a JSON object"),
        ({"cloneFrom": {"name": "v1"}, "appConfig": {"a": "x" * 200_000}}, "put large values into the artifact"),
    ],
)
def test_a_clone_that_cannot_be_is_refused(modelbundle_here, tmp_path, bundle, said):
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    (tmp_path / "v2.yaml").write_text(dump(manifest("v2", **bundle)))
    both = ["--base", tmp_path / "v1.yaml", "--base", tmp_path / "v2.yaml"]
    done = modelbundle_here("digest", tmp_path / "v2.yaml", *both)
    assert done.code == 1
    assert said in done.err
