"""Two bundles differ exactly where their digests do, and each difference has a path that leads to it."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_spec.json_path import read, write
from launch.bundle.content import content_of_fields
from launch.bundle.differences import MISSING, differences, value_at
from tests.launch.families import ROOT

SMALL = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "a.b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a.b", "$"]), inner, max_size=3)
    ),
    max_leaves=6,
)
CONFIGS = st.one_of(
    st.builds(lambda value: {"appConfig": value}, st.dictionaries(st.sampled_from(["a", "b"]), SMALL, max_size=3)),
    st.sampled_from(['{"a": 1}', '{"a": 1.0}', '{"a":1}', "{}"]).map(lambda text: {"appConfigJSON": text}),
)
OTHERS = st.fixed_dictionaries(
    {
        "requirements": st.lists(st.sampled_from(["a==1", "a==2", "A == 1", "b", "c"]), max_size=3),
        "env": st.lists(st.sampled_from(["A", "B"]), max_size=2, unique=True).flatmap(
            lambda names: st.tuples(
                *(
                    st.builds(lambda value, name=name: {"name": name, "value": value}, st.sampled_from("xy"))
                    for name in names
                )
            ).map(list)
        ),
        "requestSchema": st.dictionaries(st.sampled_from(["a", "b"]), SMALL, max_size=2),
    }
)
FIELDS = st.builds(lambda others, config: {**copy.deepcopy(ROOT), "appConfig": {}, **others, **config}, OTHERS, CONFIGS)


def of(bundle):
    return content_of_fields(bundle, {"metadata": {"name": "a"}})


@given(FIELDS, FIELDS)
def test_there_are_differences_exactly_where_the_digests_differ(before, after):
    one, other = of(before), of(after)
    found = differences(one.fields, other.fields)
    assert bool(found) == (one.digest != other.digest)
    for item in found:
        assert read(write(item.path)) == item.path
        if item.path[0] != "appConfigJSON":
            assert value_at(one.fields, item.path) == item.before or item.before is MISSING
            assert value_at(other.fields, item.path) == item.after or item.after is MISSING


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        (
            {"appConfig": {"mode": "batched", "layers": [1, 3, 4]}},
            ["appConfig.layers[1]", "appConfig.layers[2]", "appConfig.mode"],
        ),
        ({"requirements": ["numpy", "Scikit_Learn>=1.6"]}, ["requirements.scikit-learn"]),
        ({"requirements": ["numpy", "scikit-learn>=1.5"]}, ["requirements"]),
        ({"env": [{"name": "MODE", "value": "y"}, {"name": "NEW"}]}, ["env.MODE", "env.NEW"]),
        ({"env": []}, ["env"]),
        (
            {"envParams": {"frameworkType": "pytorch", "pytorchImageTag": "2"}},
            ["envParams.customBaseImage", "envParams.frameworkType", "envParams.pytorchImageTag"],
        ),
        ({"artifact": {**ROOT["artifact"], "uri": "s3://elsewhere/a.zip"}}, ["artifact.uri"]),
        ({"appConfig": None, "appConfigJSON": '{"mode": "single", "layers": [1, 2]}'}, ["appConfig", "appConfigJSON"]),
        ({"appConfig": None, "appConfigJSON": '{"mode": "single", "layers": [1, 2.0]}'}, ["appConfig.layers[1]"]),
    ],
)
def test_each_difference_has_its_path(change, paths):
    found = differences(of(ROOT).fields, of({**ROOT, **change}).fields)
    assert [write(item.path) for item in found] == paths


def test_a_uri_is_told_to_be_in_no_digest():
    (item,) = differences(of(ROOT).fields, of({**ROOT, "artifact": {**ROOT["artifact"], "uri": "s3://b/a.zip"}}).fields)
    assert item.as_json() == {
        "path": "artifact.uri", "field": "artifact", "change": "changed",
        "before": "s3://models/a.zip", "after": "s3://b/a.zip", "inDigest": False,
    }  # fmt: skip
