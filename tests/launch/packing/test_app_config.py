"""What is read from the user's files: values as kubectl reads them, requirements as a pod will install them."""

from __future__ import annotations

import datetime
import enum
from pathlib import Path

import pytest

from launch.errors import InvalidBundleError, WrongTypeError
from launch.packing.app_config import DEEPEST, checked_requirements, read_app_config, requirements_of_file


class Mode(str, enum.Enum):  # noqa: UP042 - as users on Python 3.8 write it
    SINGLE = "single"


LOOP: dict = {}
LOOP["self"] = LOOP


def test_a_dict_becomes_plain_json_values():
    given = {"mode": Mode.SINGLE, "sizes": (1, 2.0), "none": None, "deep": {"a": [True]}}
    found = read_app_config(given)
    assert found == {"mode": "single", "sizes": [1, 2.0], "none": None, "deep": {"a": [True]}}
    assert type(found["mode"]) is str
    found["deep"]["a"].append(1)
    assert given["deep"] == {"a": [True]}


def test_no_config_and_an_empty_one_are_two_things():
    assert read_app_config(None) is None
    assert read_app_config({}) == {}


def test_a_file_is_read_as_kubectl_reads_it(tmp_path):
    (tmp_path / "config.yaml").write_text("mode: single\non: y\nday: 2024-01-01\nrate: 1e3\n")
    (tmp_path / "config.json").write_text('{"rate": 1.0}')
    with pytest.raises(InvalidBundleError, match="app_config has the key True, which is not a string"):
        read_app_config(str(tmp_path / "config.yaml"))
    (tmp_path / "config.yaml").write_text("mode: single\n'on': y\nday: 2024-01-01\nrate: 1e3\n")
    assert read_app_config(str(tmp_path / "config.yaml")) == {
        "mode": "single",
        "on": True,
        "day": "2024-01-01",
        "rate": 1000.0,
    }
    assert read_app_config(tmp_path / "config.json") == {"rate": 1.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [("[1]", "must hold one object, it holds a list"), ("a: [", "is not valid YAML"), (None, "cannot read")],
)
def test_a_file_that_holds_no_object_is_refused(tmp_path, text, said):
    if text is not None:
        (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(InvalidBundleError, match=f"app_config: .*{said}"):
        read_app_config(str(tmp_path / "config.yaml"))


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        ([1], WrongTypeError, "app_config is a list: give a dict, or the path"),
        ({"a": {"b.c": {1, 2}}}, WrongTypeError, r'app_config\.a\["b\.c"\] is a set'),
        ({"a": [datetime.date(2024, 1, 1)]}, WrongTypeError, r"app_config\.a\[0\] is a date"),
        ({"a": b""}, WrongTypeError, r"app_config\.a is a bytes"),
        ({"a": {1: 2}}, InvalidBundleError, r"app_config\.a has the key 1, which is not a string"),
        ({"a": float("nan")}, InvalidBundleError, r"app_config\.a is nan"),
        (LOOP, InvalidBundleError, r"app_config\.self holds itself"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_path(value, error, said):
    with pytest.raises(error, match=said):
        read_app_config(value)


def test_a_requirements_file_is_found_from_here_or_below_a_base_path(tmp_path, monkeypatch):
    here, base = tmp_path / "here", tmp_path / "base"
    here.mkdir()
    base.mkdir()
    monkeypatch.chdir(here)
    (base / "requirements.txt").write_text("\ufeffnumpy==1.26.4  # pinned\n\n", encoding="utf-8")
    assert requirements_of_file("requirements.txt", [str(base)]) == (["numpy==1.26.4"], [])
    (here / "requirements.txt").write_text("pandas\n")
    assert requirements_of_file("requirements.txt", [str(base)]) == (["pandas"], [])
    assert requirements_of_file(base / "requirements.txt") == (["numpy==1.26.4"], [])
    assert requirements_of_file(None, [str(base)]) == ([], [])


def test_a_missing_requirements_file_is_said_and_makes_no_requirements(tmp_path):
    entries, warnings = requirements_of_file("none.txt", [str(tmp_path)])
    assert entries == []
    assert warnings == [
        f"the requirements file none.txt does not exist in {Path.cwd()}, {tmp_path}: the bundle has no requirements"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-r other.txt\n", r"requirements.txt\[0\] is '-r other.txt': options of pip are not allowed"),
        ("numpy\n./local.whl\n", r"requirements.txt\[1\] is './local.whl'"),
        ("name @ git+https://host/name\n", "must be http"),
    ],
)
def test_a_requirements_file_that_no_pod_would_install_is_refused(tmp_path, text, said):
    (tmp_path / "requirements.txt").write_text(text)
    with pytest.raises(InvalidBundleError, match=said):
        requirements_of_file(tmp_path / "requirements.txt")


def test_what_is_no_requirements_file_is_refused(tmp_path):
    with pytest.raises(InvalidBundleError, match="cannot read the requirements file"):
        requirements_of_file(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidBundleError, match="cannot read the requirements file"):
        requirements_of_file(tmp_path / "binary")
    with pytest.raises(WrongTypeError, match="requirements_path is a list"):
        requirements_of_file(["numpy"])  # type: ignore[arg-type]


def test_a_list_of_requirements_is_checked_alike():
    assert checked_requirements([" numpy ", "scikit-learn==1.5.2"]) == ["numpy", "scikit-learn==1.5.2"]
    with pytest.raises(WrongTypeError, match="requirements is a str: give a list"):
        checked_requirements("numpy")
    with pytest.raises(WrongTypeError, match=r"requirements\[0\] is a int"):
        checked_requirements([1])
    with pytest.raises(InvalidBundleError, match=r"requirements\[1\] is '-e \.'"):
        checked_requirements(["numpy", "-e ."])


def nested(levels: int) -> dict:
    config: dict = {}
    for _ in range(levels - 1):
        config = {"a": config}
    return config


def test_what_is_nested_too_deep_is_said_to_be(tmp_path):
    assert read_app_config(nested(DEEPEST)) == nested(DEEPEST)
    for levels in (DEEPEST + 1, 2_000, 100_000):
        with pytest.raises(InvalidBundleError, match=r"app_config is nested more than 200 deep \(app_config\.a\.a"):
            read_app_config(nested(levels))
    (tmp_path / "config.yaml").write_text("a: " + "[" * 2_000 + "]" * 2_000)
    with pytest.raises(InvalidBundleError, match=r"config\.yaml is nested too deeply to be read; 200 levels"):
        read_app_config(str(tmp_path / "config.yaml"))
