"""`clone` writes what was said and the base's digest; `flatten` writes a bundle that needs no base."""

import json

import pytest
import yaml

from launch.bundle.manifest import parse
from tests.launch.cli.test_digest import recomputed
from tests.launch.families import ROOT, clone, root, waiting


@pytest.fixture
def cluster(api) -> str:
    v1 = root("v1")
    return api(
        v1,
        clone(v1, "v2", appConfig={"mode": "batched"}),
        clone(v1, "exact", appConfigJSON='{"scale": 1.0}'),
        waiting("lost", "no"),
    )


def test_a_clone_is_created_with_the_bases_digest(cluster, api, modelbundle_here):
    done = modelbundle_here("clone", "v1", "--name", "v3", "--set", "appConfig.mode=batched", KUBECONFIG=cluster)
    assert done.code == 0, done.err
    changed = {**ROOT, "appConfig": {"layers": [1, 2], "mode": "batched"}}
    assert done.out.splitlines() == [
        f"v3 created, {recomputed(changed)}",
        'changed against v1: appConfig.mode: "single" -> "batched"',
    ]
    (made,) = api.server.created
    assert made["metadata"] == {"name": "v3"}
    assert made["spec"]["bundle"] == {
        "cloneFrom": {"name": "v1", "digest": recomputed(ROOT)},
        "appConfig": {"layers": [1, 2], "mode": "batched"},
    }
    assert made["spec"]["serving"] == {"replicas": 1, "gpu": {"count": 0}}  # as the base, without its roll-out token


def test_a_dry_run_prints_the_manifest_for_git(cluster, api, modelbundle_here, tmp_path):
    (tmp_path / "config.yaml").write_text("y: no\nscale: 0.5\n")
    (tmp_path / "requirements.txt").write_text("numpy==2.1 # newer\n")
    (tmp_path / "schema.json").write_text('{"type": "object", "minimum": 1.0}')
    words = ["--app-config", tmp_path / "config.yaml", "--set", 'appConfig["a.b"].c=3', "--set-string", "appConfig.n=3"]
    words += ["--requirements", tmp_path / "requirements.txt", "--env", "MODE-", "--env", "NEW=1", "--replicas", "0"]
    words += ["--request-schema", tmp_path / "schema.json", "--response-schema", tmp_path / "schema.json"]
    words += ["--set", "envParams.customBaseImage.tag=3.10"]
    done = modelbundle_here("clone", "v2", "--name", "v3", *words, "--dry-run", "-o", "yaml", KUBECONFIG=cluster)
    assert done.code == 1  # the key y is a boolean to kubectl: it is said, not guessed
    assert "has the key True" in done.err
    (tmp_path / "config.yaml").write_text('"y": no\nscale: 0.5\n')
    done = modelbundle_here("clone", "v2", "--name", "v3", *words, "--dry-run", "-o", "yaml", KUBECONFIG=cluster)
    assert done.code == 0, done.err
    assert api.server.created == []
    found = yaml.safe_load(done.out)
    schema = {"minimum": 1, "type": "object"}
    assert found["spec"]["bundle"] == {
        "cloneFrom": {"name": "v2", "digest": recomputed({**ROOT, "appConfig": {"mode": "batched"}})},
        "envParams": {
            "frameworkType": "custom_base_image",
            "customBaseImage": {"repository": "r/python", "tag": "3.10"},
        },
        "requirements": ["numpy==2.1"],
        "appConfig": {"y": False, "scale": 0.5, "a.b": {"c": 3}, "n": "3"},
        "env": [{"name": "NEW", "value": "1"}],
        "requestSchema": schema,
        "responseSchema": schema,
    }
    assert found["spec"]["serving"]["replicas"] == 0


def test_values_that_would_not_survive_go_into_app_config_json(cluster, modelbundle_here):
    words = ["--set", "appConfig.scale=1.0", "--set", "appConfig.none=null", "--dry-run"]
    done = modelbundle_here("clone", "v1", "--name", "v3", *words, "-o", "yaml", KUBECONFIG=cluster)
    bundle = yaml.safe_load(done.out)["spec"]["bundle"]
    assert json.loads(bundle["appConfigJSON"]) == {"layers": [1, 2], "mode": "single", "scale": 1.0, "none": None}
    assert "appConfig" not in bundle
    assert "written as appConfigJSON: spec.bundle.appConfig.scale is 1.0, which comes back" in done.err
    done = modelbundle_here(
        "clone", "exact", "--name", "v3", "--set", "appConfig.b=1", "--dry-run", "-o", "yaml", KUBECONFIG=cluster
    )
    assert yaml.safe_load(done.out)["spec"]["bundle"]["appConfigJSON"] == '{"scale": 1.0, "b": 1}'
    cleared = modelbundle_here(
        "clone", "exact", "--name", "v3", "--set", "appConfig={}", "--dry-run", "-o", "json", KUBECONFIG=cluster
    )
    assert json.loads(cleared.out)["digest"] == recomputed({**ROOT, "appConfig": {}})


def test_an_empty_clone_has_the_same_digest(cluster, modelbundle_here):
    done = modelbundle_here("clone", "v1", "--name", "v3", "-o", "json", KUBECONFIG=cluster)
    result = json.loads(done.out)
    assert result == {
        "name": "v3",
        "digest": recomputed(ROOT),
        "created": True,
        "base": {"name": "v1", "digest": recomputed(ROOT)},
        "differences": [],
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--name", "V3"], 64, "'V3' cannot name a bundle"),
        (["--name", "v3", "--set", "mode=x"], 64, "is not in a field of a bundle"),
        (["--name", "v3", "--set", "appConfig"], 64, "is not PATH=VALUE"),
        (["--name", "v3", "--env", "A"], 64, "--env A: write NAME=VALUE"),
        (["--name", "v3", "--env", "NONE-"], 1, "the base has no variable NONE"),
        (["--name", "v3", "-n", "My_Space"], 64, "'My_Space' cannot name a namespace"),
        (["--name", "v3", "--app-config", "none.json"], 1, "cannot read none.json"),
        (["--name", "v3", "--set", "artifact.sha256=x"], 1, "spec.bundle.artifact cannot be changed by a clone"),
        (["--name", "v3", "--set", "envParams={}"], 1, "spec.bundle.envParams cannot be cleared"),
        (["--name", "v3", "--set", "requestSchema.default=null"], 1, "spec.bundle.requestSchema.default is null"),
        (["--name", "v3", "--set", "requestSchema.type=object"], 1, "requestSchema alone"),
        (["--name", "v3", "--set", 'requirements=["a b"]'], 1, "spec.bundle.requirements[0] is 'a b': expected"),
        (["--name", "v3", "--requirements", "options.txt"], 1, "spec.bundle.requirements[0] is '-r more.txt': options"),
        (["--name", "v3", "--unset", "appConfig.none"], 1, "there is nothing at appConfig.none"),
        (["--name", "v3", "--set", 'appConfigJSON={"a"'], 1, "spec.bundle.appConfigJSON is not valid JSON"),
    ],
)
def test_what_cannot_be_a_clone_creates_nothing(cluster, api, modelbundle_here, words, code, said, tmp_path):
    (tmp_path / "options.txt").write_text("-r more.txt\n")
    words = [tmp_path / word if word == "options.txt" else word for word in words]
    done = modelbundle_here("clone", "v1", *words, KUBECONFIG=cluster)
    assert (done.code, said in done.err) == (code, True), done.err
    assert api.server.created == []
    assert code != 64 or api.server.asked == []  # the words are checked before the cluster is asked


@pytest.mark.parametrize(
    "words",
    [
        ["tree", "V1"],
        ["blame", "v.1", "env"],
        ["clone", "v_1", "--name", "v3"],
        ["flatten", "v1", "--name", "V3"],
        ["lock", "v1.yaml", "--from", "V1"],
        ["pin", "ftp://host/bundle.pkl"],
    ],
)
def test_words_that_can_mean_nothing_are_wrong_usage(cluster, api, modelbundle_here, words):
    done = modelbundle_here(*words, KUBECONFIG=cluster)
    assert (done.code, done.out, api.server.asked) == (64, "", [])
    assert "Error: Invalid value for '" in done.err


def test_the_api_servers_no_is_the_message(cluster, api, modelbundle_here):
    api.server.refuse = 409
    done = modelbundle_here("clone", "v1", "--name", "v3", "-o", "json", KUBECONFIG=cluster)
    assert json.loads(done.err)["error"] == {
        "code": "AlreadyExists",
        "message": "the bundle v3 in namespace models: the API server says no",
    }
    assert (
        "lost is a clone of no and not resolved"
        in modelbundle_here("clone", "lost", "--name", "v3", KUBECONFIG=cluster).err
    )


def test_flatten_stands_by_itself_with_the_same_digest(cluster, api, modelbundle_here, tmp_path):
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "ours"}
    labels = {"app": "sentiment"}
    api.server.bundles["v2"]["metadata"].update(annotations=annotations, labels=labels)
    done = modelbundle_here("flatten", "v2", "--name", "v2-alone", KUBECONFIG=cluster)
    digest = recomputed({**ROOT, "appConfig": {"mode": "batched"}})
    assert done.out.splitlines()[0] == f"# v2, a clone of v1, written out; digest {digest}"
    (found,) = parse(done.out, "out")
    assert found["metadata"] == {"name": "v2-alone", "labels": {"app": "sentiment"}, "annotations": {"team": "ours"}}
    assert found["spec"] == {
        "bundle": {**ROOT, "appConfig": {"mode": "batched"}},
        "serving": {"replicas": 1, "gpu": {"count": 0}},
    }
    (tmp_path / "flat.yaml").write_text(done.out)
    assert modelbundle_here("digest", tmp_path / "flat.yaml").out.strip() == digest
    again = modelbundle_here("flatten", tmp_path / "flat.yaml")
    assert parse(again.out, "out") == [found]


def test_flatten_refuses_what_a_writer_would_change(api, modelbundle_here):
    done = modelbundle_here("flatten", "v1", KUBECONFIG=api(root("v1", appConfig={"a": None})))
    assert done.code == 1
    assert "$.spec.bundle.appConfig.a is null, which kubectl apply drops" in done.err
