"""Which requirement entries are taken, by whom, what is left to install, and what uv's words mean."""

import json
import re
import sys

import pytest

from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.worker.install.entries import check_entries, left_to_install
from bundle_runtime.worker.install.image_packages import ImagePackage, image_packages, write_stubs
from bundle_runtime.worker.install.uv import explain, index_name
from bundle_spec.requirements import check_requirements

TAKEN = pytest.mark.parametrize(
    "entry",
    [
        "numpy",
        "scikit-learn==1.5.2",
        "requests[socks]>=2,<3",
        'tomli>=1; python_version < "3.11"',
        "name @ https://host/name-1.0-py3-none-any.whl",
        "name[extra]@https://host/name-1.0-py3-none-any.whl",
        "name @ https://host/name-1.0-py3-none-any.whl#sha256=00",
        "numpy (>=1,!=1.5.*)",
    ],
)
REFUSED = pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("-r requirements.txt", "options"),
        ("numpy==1.0 --hash=sha256:00", "options"),
        ("--index-url https://host/simple", "options"),
        ("-e .", "options"),
        ("./local.whl", "needs a name"),
        ("/abs/local.whl", "needs a name"),
        ("https://host/name.whl", "needs a name"),
        ("git+https://host/name", "needs a name"),
        ("name @ git+https://host/name", "http"),
        ("name @ file:///etc/name", "http"),
        ("name\n--index-url x", "more than one line"),
    ],
)


@TAKEN
def test_pep_508_requirements_are_taken(entry):
    assert check_entries([f"  {entry} "]) == [entry]
    check_requirements([f"  {entry} "])


@REFUSED
def test_what_is_no_requirement_is_refused_by_its_place(entry, said):
    with pytest.raises(RuntimeFailure, match=said) as failure:
        check_entries(["numpy", entry])
    assert failure.value.reason == "InstallFailed"
    assert "requirements[1]" in failure.value.message


def test_comments_and_empty_lines_of_a_requirements_file_are_dropped():
    entries = ["# the model", "", "numpy  # for the model"]
    assert check_entries(entries) == ["numpy"]
    check_requirements(entries)


@REFUSED
def test_what_install_would_refuse_is_refused_before_a_pod_starts(entry, said):
    with pytest.raises(ValueError, match=rf"^\$\.requirements\[1\] is .*{said}.* for example scikit-learn==1\.5\.2$"):
        check_requirements(["numpy", entry])


@pytest.mark.parametrize(
    "entry", ["foo bar baz", "numpy==1.x", "numpy==", "numpy[extra", "numpy; python_version", "numpy; sys == '1'", 1.5]
)
def test_a_slip_in_the_syntax_is_refused_before_a_pod_starts(entry):
    with pytest.raises(ValueError, match=rf"^\$\.requirements\[0\] is {re.escape(repr(entry))}: "):
        check_requirements([entry])


def test_requirements_are_a_list_or_unset():
    check_requirements(None)
    with pytest.raises(ValueError, match=r"^\$\.requirements must be a list"):
        check_requirements("numpy")


def test_what_the_image_has_is_not_installed_whatever_its_spelling():
    resolved = ["numpy==1.21.0", "scikit-learn==1.5.2", "# via", "zope-interface==5", "x @ https://h/x-1.whl"]
    assert left_to_install(resolved, {"numpy", "zope-interface"}) == ["scikit-learn==1.5.2", "x @ https://h/x-1.whl"]


def test_versions_that_cannot_be_compared_leave_the_resolution(tmp_path):
    packages = [ImagePackage("Torch", "1.7.1+cu110"), ImagePackage("odd", "custom_build")]
    assert write_stubs(packages, str(tmp_path)) == (["torch==1.7.1+cu110"], ["odd ; python_version < '0'"])
    assert [path.name for path in tmp_path.iterdir()] == ["torch-1.7.1+cu110-py3-none-any.whl"]


def test_conda_packages_count_when_they_hold_python(tmp_path, monkeypatch):
    (tmp_path / "conda-meta").mkdir()
    for name, file in {"pylib": "lib/python3.8/site-packages/pylib/a.py", "libgcc": "lib/libgcc.so"}.items():
        record = {"name": name, "version": "1.0", "files": [file]}
        (tmp_path / "conda-meta" / f"{name}-1.0-0.json").write_text(json.dumps(record))
    (tmp_path / "conda-meta" / "broken.json").write_text("{")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    found = image_packages()
    assert "pylib" in found
    assert "libgcc" not in found


@pytest.mark.parametrize(
    ("stderr", "reason", "said"),
    [
        (
            "No solution found: Because the current Python version (3.8.18) does not satisfy Python>=3.9 and "
            "scikit-learn==1.5.2 depends on Python>=3.9, we can conclude that scikit-learn==1.5.2 cannot be used.",
            "RequirementNotFound",
            "scikit-learn==1.5.2 needs Python >=3.9, the image has 3.8.18",
        ),
        ("error: Failed to fetch: `https://h/simple/a/`\n invalid peer certificate", "IndexUnreachable", "certificate"),
        ("  x Failed to build `a==1`\n  Call to `setuptools` failed\n  gcc: not found", "InstallFailed", "gcc"),
    ],
)
def test_uvs_words_become_a_reason(stderr, reason, said):
    failure = explain(stderr, {"numpy": "1.21.0"})
    assert failure.reason == reason
    assert said in failure.message


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, "PyPI (no index of your own is set)"),
        ({"UV_DEFAULT_INDEX": "https://me:secret@host/simple"}, "https://host/simple"),
        ({"UV_DEFAULT_INDEX": "mine=https://host/simple"}, "https://host/simple"),
    ],
)
def test_the_index_is_named_without_its_password(environment, shown):
    assert index_name(environment) == shown
