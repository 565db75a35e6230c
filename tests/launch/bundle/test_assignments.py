"""What `--set` takes for a number, a text, a list; and where it puts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_spec.json_path import write
from bundle_spec.requirement_rule import entries_of_file, text_of_file
from launch.bundle.assignments import AssignmentError, env_entry, split, typed, with_value, without_value
from launch.bundle.clone import with_env
from launch.bundle.content import ContentError
from launch.bundle.differences import app_config, value_at
from tests.launch.families import ROOT

NAMES = st.lists(st.text(min_size=1), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("appConfig.a=3", 3),
        ("appConfig.a=3.0", 3.0),
        ("appConfig.a=true", True),
        ("appConfig.a=yes", "yes"),
        ("appConfig.a=batched", "batched"),
        ("appConfig.a=", ""),
        ('appConfig.a="3"', "3"),
        ("appConfig.a=[1, 2]", [1, 2]),
        ("appConfig.a=1.2.3", "1.2.3"),
        ("appConfig.a=b=c", "b=c"),
        ("appConfig.a=NaN", "NaN"),
        ("appConfig.a=null", None),
        ("appConfig={}", {}),
        ("requirements=[]", []),
        ("envParams.pytorchImageTag=2.10", "2.10"),
        ("envParams.customBaseImage.tag=3", "3"),
        ("loadPredictFn=a.b", "a.b"),
        ('appConfigJSON={"a": 1.0}', '{"a": 1.0}'),
    ],
)
def test_values_are_typed_by_their_field(text, value):
    path, given_text = split(text)
    found = typed(path, given_text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("appConfig.a", "is not PATH=VALUE"),
        ("=1", "is not PATH=VALUE"),
        ("mode=1", "mode is not in a field of a bundle; there are artifact, envParams"),
        ("serving.replicas=1", "is not in a field"),
        ("appConfig=batched", r"appConfig=batched is not valid JSON.*\{\} to clear it"),
        ("appConfig=[]", "must be a JSON object"),
        ("requirements=numpy", "is not valid JSON"),
        ("requirements={}", "must be a JSON list"),
        ("env.MODE=x", "use --env NAME=VALUE"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, said):
    with pytest.raises(AssignmentError, match=said):
        typed(*split(text))


@given(NAMES, st.integers() | st.text())
def test_what_is_put_somewhere_is_found_there(names, value):
    path = ("appConfig", *names)
    fields = with_value({**ROOT, "appConfig": {}}, path, value)
    assert value_at(fields, path) == value
    assert split(f"{write(path)}=x") == (path, "x")
    assert app_config(without_value(fields, path)) == app_config(with_value({"appConfig": {}}, path[:-1], {}))


def test_the_rest_of_the_field_and_the_fields_given_stay_as_they_were():
    fields = with_value(ROOT, ("appConfig", "layers", 2), 3)
    assert fields["appConfig"] == {"mode": "single", "layers": [1, 2, 3]}
    assert ROOT["appConfig"]["layers"] == [1, 2]
    assert without_value(fields, ("appConfig", "layers", 0))["appConfig"]["layers"] == [2, 3]
    as_text = {"appConfigJSON": '{"a": 1.0, "b": null}'}
    assert with_value(as_text, ("appConfig", "c"), 1) == {"appConfig": {"a": 1.0, "b": None, "c": 1}}
    assert with_value(as_text, ("appConfig",), {}) == {"appConfig": {}}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("appConfig", "layers", 4), "appConfig.layers has 2 entries"),
        (("appConfig", "mode", 0), "appConfig.mode has no list"),
        (("appConfig", "mode", "a"), "appConfig.mode has no object"),
    ],
)
def test_there_is_no_such_place(path, said):
    with pytest.raises(AssignmentError, match=said):
        with_value(ROOT, path, 1)
    with pytest.raises(AssignmentError, match="there is nothing at"):
        without_value(ROOT, path)


def test_a_whole_field_is_cleared_and_not_unset():
    with pytest.raises(AssignmentError, match=r"requirements=\[\] clears it"):
        without_value(ROOT, ("requirements",))


def test_variables_are_set_and_removed():
    assert with_env(ROOT, map(env_entry, ["A=b=c", "MODE-"]))["env"] == [{"name": "A", "value": "b=c"}]
    assert with_env({}, [env_entry("A=")])["env"] == [{"name": "A", "value": ""}]
    with pytest.raises(ContentError, match="no variable NONE"):
        with_env(ROOT, [env_entry("NONE-")])
    for wrong in ("A", "-", "=x", ""):
        with pytest.raises(AssignmentError, match="NAME=VALUE"):
            env_entry(wrong)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_requirements_file_is_its_entries(encoding, end):
    text = "# ours\nnumpy==1.26  # pinned\n\na @ https://x/a.whl#sha256=1\nb==1 \\\n  ; python_version < '3.9'\n"
    text = text_of_file(text.replace("\n", end).encode(encoding))
    assert entries_of_file(text) == ["numpy==1.26", "a @ https://x/a.whl#sha256=1", "b==1 ; python_version < '3.9'"]
