"""`tree`, `diff` and `blame` as people and programs read them."""

import itertools
import json

import pytest

from launch.bundle.manifest import dump
from tests.launch.cli.test_digest import manifest
from tests.launch.families import ROOT, clone, root, waiting


@pytest.fixture
def family(api) -> str:
    """v1 <- v2 <- (v3, deleted) <- v4; v1 <- v5; a family of its own; a clone without a base."""
    v1 = root("v1")
    v2 = clone(v1, "v2", appConfig={"mode": "batched", "layers": [1, 2]})
    v3 = clone(v2, "v3", requirements=["numpy"])
    v5 = clone(v1, "v5", "ImagePullFailed", env=[], requirements=[], appConfig={"a": 1})
    v5["status"]["conditions"][0]["status"] = "False"
    return api(v1, v2, clone(v3, "v4"), v5, root("other"), waiting("lost", "nowhere"))


def columns(text: str) -> list[list[str]]:
    heads = text.splitlines()[0]
    starts = [heads.index(head) for head in heads.split()] + [None]
    return [[line[a:b].rstrip() for a, b in itertools.pairwise(starts)] for line in text.splitlines()[1:]]


def test_the_tree_shows_health_and_what_changed(family, modelbundle_here):
    done = modelbundle_here("tree", "v4", KUBECONFIG=family)
    assert done.code == 0, done.err
    assert [[row[0], row[1], row[2], row[4]] for row in columns(done.out)] == [
        ["v1", "True", "Serving", ""],
        ["├─ v2", "True", "Serving", 'appConfig.mode: "single" -> "batched"'],
        ["│  └─ v3", "-", "(deleted)", ""],
        ["│     └─ v4", "True", "Serving", "nothing"],
        ["└─ v5", "False", "ImagePullFailed", "requirements, appConfig (3 values), env"],
    ]


def test_the_tree_of_a_namespace_is_all_its_families(family, modelbundle_here, api):
    done = modelbundle_here("tree", "-o", "json", KUBECONFIG=family)
    families = json.loads(done.out)["families"]
    assert [found["name"] for found in families] == ["v1", "other", "nowhere"]
    v2 = families[0]["clones"][0]
    assert (v2["ready"], v2["reason"], v2["changed"]) == ("True", "Serving", ["appConfig"])
    assert [item["path"] for item in v2["differences"]] == ["appConfig.mode"]
    assert v2["clones"][0] | {"clones": []} == {"name": "v3", "missing": "deleted", "clones": []}
    assert v2["clones"][0]["clones"][0]["changed"] == []
    assert len([path for path in api.server.asked if "continue" in path]) == 2  # it read every page


def test_a_bundle_that_is_not_there_has_no_tree(family, modelbundle_here):
    for words in (["tree", "v9"], ["blame", "v3", "env"]):
        done = modelbundle_here(*words, "-o", "json", KUBECONFIG=family)
        assert (done.code, json.loads(done.err)["error"]["code"]) == (1, "NotFound")


def test_an_empty_namespace_is_said(api, modelbundle_here):
    done = modelbundle_here("tree", KUBECONFIG=api())
    assert (done.code, done.out, done.err) == (0, "", "no bundles in this namespace\n")


def test_a_namespace_that_is_not_there_is_an_error(api, modelbundle_here):
    kubeconfig = api()
    done = modelbundle_here("tree", "-n", "nowhere", "-o", "json", KUBECONFIG=kubeconfig)
    assert (done.code, done.out) == (1, "")
    assert json.loads(done.err)["error"] == {
        "code": "NotFound", "message": "there is no namespace nowhere in this cluster",
    }  # fmt: skip
    api.server.hidden = True  # who has rights in a namespace alone may not see whether it is there
    done = modelbundle_here("tree", KUBECONFIG=kubeconfig)
    assert (done.code, done.err) == (0, "no bundles in this namespace\n")


def test_diff_is_value_by_value(family, modelbundle_here, tmp_path):
    (tmp_path / "v1.yaml").write_text(dump(manifest("mine", **{**ROOT, "requirements": ["numpy==2"]})))
    done = modelbundle_here("diff", tmp_path / "v1.yaml", "v2", KUBECONFIG=family)
    lines = done.out.splitlines()
    assert lines[0].startswith(f"--- {tmp_path}/v1.yaml  sha256:")
    assert lines[2:] == [
        "requirements.numpy",
        '  - "numpy==2"',
        '  + "numpy"',
        "requirements.scikit-learn",
        '  + "scikit-learn>=1.5"',
        "appConfig.mode",
        '  - "single"',
        '  + "batched"',
    ]
    result = json.loads(modelbundle_here("diff", "v1", "v2", "-o", "json", KUBECONFIG=family).out)
    assert result["equal"] is False
    assert result["differences"] == [
        {
            "path": "appConfig.mode",
            "field": "appConfig",
            "change": "changed",
            "before": "single",
            "after": "batched",
            "inDigest": True,
        }
    ]


def test_equal_content_is_said_whatever_the_uri(family, modelbundle_here, tmp_path):
    moved = {**ROOT, "artifact": {**ROOT["artifact"], "uri": "s3://elsewhere/a.zip"}}
    (tmp_path / "v1.yaml").write_text(dump(manifest("mine", **moved)))
    done = modelbundle_here("diff", "v1", tmp_path / "v1.yaml", KUBECONFIG=family)
    assert "artifact.uri  (in no digest)" in done.out
    assert done.out.splitlines()[-1] == "the same content: only what is in no digest differs"
    assert json.loads(modelbundle_here("diff", "v1", "other", "-o", "json", KUBECONFIG=family).out)["equal"] is True
    unresolved = modelbundle_here("diff", "v1", "lost", KUBECONFIG=family)
    assert (unresolved.code, "lost is a clone of nowhere" in unresolved.err) == (1, True)


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("appConfig.mode", ['appConfig.mode = "batched"', "set by v2 (2 clones up from v4)", 'in v1 it was "single"']),
        ("env", ['env = [{"name": "MODE", "value": "x"}]', "set by v1 (3 clones up from v4, the root)"]),
        ("requirements.numpy", ['requirements.numpy = "numpy"', "set by v1 (3 clones up from v4, the root)"]),
        (
            "requirements",
            [
                'requirements = ["numpy"]',
                "set by v3 (1 clone up from v4, deleted)",
                'in v2 it was ["scikit-learn>=1.5", "numpy"]',
            ],
        ),
        ("appConfig.layers[1]", ["appConfig.layers[1] = 2", "set by v1 (3 clones up from v4, the root)"]),
    ],
)
def test_blame_names_the_bundle(family, modelbundle_here, field, lines):
    done = modelbundle_here("blame", "v4", field, KUBECONFIG=family)
    assert done.out.splitlines() == lines


def test_what_a_clone_cleared_is_blamed_on_it(family, modelbundle_here):
    done = modelbundle_here("blame", "v5", "requirements", KUBECONFIG=family)
    assert (done.code, done.out.splitlines()) == (
        0, ["requirements is not set", "set by v5", 'in v1 it was ["scikit-learn>=1.5", "numpy"]'],
    )  # fmt: skip


@pytest.mark.parametrize("field", ["requestSchema", "appConfig.nonsense", "env.NONE"])
def test_what_nobody_ever_set_has_nobody_to_blame(family, modelbundle_here, field):
    done = modelbundle_here("blame", "v4", field, KUBECONFIG=family)
    assert (done.code, done.out) == (1, "")
    assert f"{field} is not set in v4, and no bundle is known to have set it" in done.err
    result = modelbundle_here("blame", "v4", field, "-o", "json", KUBECONFIG=family)
    assert json.loads(result.err)["error"]["code"] == "NotSet"


def test_blame_for_programs(family, modelbundle_here):
    result = json.loads(modelbundle_here("blame", "v4", "requirements", "-o", "json", KUBECONFIG=family).out)
    assert result == {
        "name": "v4",
        "path": "requirements",
        "set": True,
        "value": ["numpy"],
        "setBy": "v3",
        "candidates": [{"name": "v3", "deleted": True}],
        "base": {"name": "v2", "value": ["scikit-learn>=1.5", "numpy"]},
    }
    wrong = modelbundle_here("blame", "v4", "serving.replicas", KUBECONFIG=family)
    assert (wrong.code, "there are artifact, envParams" in wrong.err) == (64, True)
    assert "not resolved" in modelbundle_here("blame", "lost", "env", KUBECONFIG=family).err
