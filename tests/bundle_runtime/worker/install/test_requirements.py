"""Which requirement entries are taken, by whom, what is left to install, and what is compiled."""

import json
import re
import sys

import pytest

from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.worker.install.entries import check_entries, hashes_of, laid_over, left_to_install
from bundle_runtime.worker.install.image_packages import ImagePackage, image_packages, write_stubs
from bundle_runtime.worker.install.resolution import read_lines
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
        ("numpy==1.0 --hash=sha256:00", "leave --hash out"),
        (f"numpy>=1.0 --hash=sha256:{'0' * 64}", "write name==version before --hash"),
        (f"numpy==1.* --hash=sha256:{'0' * 64}", "write name==version before --hash"),
        (f"numpy==1.0 --hash=md5:00 --hash=sha256:{'0' * 64}", "leave --hash out"),
        ("--index-url https://host/simple", "options"),
        ("-e .", "options"),
        ("./local.whl", "needs a name"),
        ("/abs/local.whl", "needs a name"),
        ("https://host/name.whl", "needs a name"),
        ("git+https://host/name", "http"),
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


def test_a_login_in_what_is_refused_is_not_quoted():
    with pytest.raises(RuntimeFailure) as failure:
        check_entries(["thing @ git+https://me:hunter2@example.com/thing"])
    assert "git+https://example.com/thing" in failure.value.message
    assert "hunter2" not in failure.value.message


@pytest.mark.parametrize(
    "entry",
    [
        "numpy==1.0",
        "numpy[a] === 1.0",
        "numpy (==1.0)",
        "numpy==1.0; python_version > '3'",
        "numpy @ https://host/n.whl",
    ],
)
def test_a_hash_behind_one_version_is_taken(entry):
    hashes = f"--hash=sha256:{'0a' * 32} --hash=sha256:{'0B' * 32}"
    check_requirements([f"{entry} {hashes}  # a comment"])
    assert check_entries([f"{entry} {hashes}"]) == [entry]
    assert hashes_of([f"{entry} {hashes}", "other"]) == {"numpy": ["0a" * 32, "0b" * 32]}


def test_more_hashes_than_an_entry_holds_are_counted():
    with pytest.raises(ValueError, match="with its 7 hashes it has 563 characters, and 512 are taken"):
        check_requirements(["numpy==1.0" + f" --hash=sha256:{'0' * 64}" * 7])


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


ODD = {
    "- numpy": "leave the dash out",
    "- numpy=1.21.0": "leave the dash out; behind it, one = is how conda writes it",
    "- pip:": "leave the dash out; behind it, it is a key of YAML",
    "dependencies:": "it is a key of YAML, as in conda's environment.yml: leave it out",
    "name: ldm": "it is a key of YAML",
    "-rmore.txt": "write the entries of that file here",
    "-c constraints.txt": "write the versions of that file into the entries",
    "--extra-index-url https://host/simple": "the operator's setting (packageIndex, extraPackageIndexes): leave it out",
    "torch==1.13.1 -f https://host/whl": "the package index is the operator's setting",
    "--pre": "name the pre-release in the entry",
    "--prefer-binary": "options of pip are not allowed: leave it out",
    "numpy==1.21.0 --no-binary numpy": "options of pip are not allowed: leave it out",
    "numpy==1.21.0 --hash=sha256:00": "leave --hash out",
    "conda-forge::numpy": "a channel of conda",
    "numpy=1.21.0": "one = is how conda writes it: write name==version",
    "numpy=1.21.0=py38hdbf815f_0": "one = is how conda writes it",
    "numpy=>1.21": "write >= for that version or newer",
    "numpy>>=1.21": "one comparison is written twice",
    "numpy                     1.21.0           py38hdbf815f_0    conda-forge": "columns are how",
    "numpy @ file:///home/conda/feedstock_root/build_artifacts/numpy_1/work": "a file is on one machine only",
    "acme @ git+ssh://git@host/acme.git": "write the address of a wheel or of an archive",
    "git+https://host/acme.git@v1#egg=acme": "write the address of a wheel or of an archive",
    "pip install numpy": "it is a command",
    "!pip3 install numpy": "it is a command",
    '"numpy==1.21.0"': "leave them out",
    "`numpy`": "it has quotes of its own: leave them out",
    "\u201cnumpy\u201d": "it has quotes of its own: leave them out",
    "\u2018numpy==1.21.0\u2019": "it has quotes of its own: leave them out",
    "numpy==\u201c1.21.0\u201d": "curly quotes, as a text program writes them: leave them out",
    "numpy; python_version < \u20183.9\u2019": "write ' in a condition behind ;",
    "\u2013 numpy=1.21.0": "leave the dash out; behind it, one = is how conda writes it",
    "scikit\u2011learn": "it has a dash that a text program made longer: write -",
    "numpy \u2265 1.21": "write >=, <= or !=",
    "numpy\u00a0==1.21.0": "a blank that is not an ordinary one",
    "<!DOCTYPE html>": "it is a line of a page in HTML",
    "acme @ https://${TOKEN}@host/acme-1.0-py3-none-any.whl": "variables are not replaced",
}


@pytest.mark.parametrize(("entry", "said"), ODD.items())
def test_lines_of_pip_and_conda_are_refused_with_their_fix(entry, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        check_requirements([entry])


def test_an_address_may_have_what_no_name_has():
    check_requirements(["acme @ https://host/caf\u00e9\u2013\u2019/acme-1.0-py3-none-any.whl"])


def test_all_odd_lines_are_named_at_once():
    with pytest.raises(ValueError, match="requirements") as failure:
        check_requirements(["numpy", "-r a.txt", "-r b.txt", "numpy=1.21.0", "--pre", "numpy=1", "-r c.txt"])
    said = str(failure.value)
    assert said.startswith(
        "$.requirements[1] is '-r a.txt': options of pip are not allowed: write the entries of that "
    )
    assert "file here (so too requirements[2], [6]); requirements[3] is 'numpy=1.21.0': one = is" in said
    assert "such as python and cudatoolkit (so too requirements[5]); requirements[4] is '--pre': " in said
    with pytest.raises(RuntimeFailure) as refused:
        check_entries(["-r more.txt", "numpy", "numpy=1.21.0"])
    assert "requirements[0] is '-r more.txt': " in refused.value.message
    assert "; requirements[2] is 'numpy=1.21.0': " in refused.value.message


def test_no_more_is_said_of_a_long_list_than_a_person_reads():
    with pytest.raises(ValueError, match="requirements") as failure:
        check_requirements(["-r a.txt"] * 1000 + [f"numpy=={n}q{n}" for n in range(1000)])
    said = str(failure.value)
    assert "(so too requirements[1], [2], [3]" in said
    assert ", [50] and 949 more)" in said
    assert "; and 991 more. An entry is one PEP 508 requirement" in said
    assert len(said) < 3000


@pytest.mark.parametrize(
    ("entry", "rest"),
    [
        ("numpy==1.19.5q", "'q'"),
        ("azureml-sdk>=1.0#.45", "'#.45'"),
        ("numpy pandas", "'pandas'"),
        ("numpy~=1", "'~=1'"),
    ],
)
def test_what_cannot_be_read_is_said_with_where(entry, rest):
    with pytest.raises(ValueError, match=rf"expected .* or end, and not {re.escape(rest)}\. An entry is one"):
        check_requirements([entry])


def test_requirements_are_a_list_or_unset():
    check_requirements(None)
    with pytest.raises(ValueError, match=r"^\$\.requirements must be a list"):
        check_requirements("numpy")


IMAGE = {
    "numpy": ImagePackage("numpy", "1.21.0"),
    "zope-interface": ImagePackage("zope.interface", "5.0", stays=False),
    "typing-extensions": ImagePackage("typing_extensions", "4.4.0", stays=False),
}


def test_what_the_image_has_is_not_installed_whatever_its_spelling():
    lines = ["numpy==1.21.0", "scikit-learn==1.5.2", "# via", "zope-interface==5", "x @ https://h/x-1.whl#sha256=00"]
    left = left_to_install(read_lines(lines), IMAGE)
    assert [line.line for line in left] == ["scikit-learn==1.5.2", "x @ https://h/x-1.whl#sha256=00"]


def test_another_version_of_pure_python_is_laid_over_and_said():
    lines = read_lines([
        "typing-extensions==4.12.2    # via -c image.txt, pydantic",
        "zope-interface==6.0          # via -r requirements.in",
    ])  # fmt: skip
    left = left_to_install(lines, IMAGE)
    assert laid_over(left, IMAGE) == [
        "typing-extensions 4.12.2 is laid over the image's 4.4.0, for pydantic",
        "zope-interface 6.0 is laid over the image's 5.0, for the requirements",
    ]


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2.1.0a0+32f93b1", "2.1.0+32f93b1"),
        ("2.3.0.dev20240101+cu121", "2.3.0+cu121"),
        ("1.7.1+cu110", "1.7.1+cu110"),
        ("2.0.0rc1", "2.0.0rc1"),
        ("1.0.post1+nv24", "1.0.post1+nv24"),
        ("1.0alpha1+x", "1.0+x"),
    ],
)
def test_a_vendors_build_counts_as_the_release_that_it_will_be(version, shown):
    assert ImagePackage("torch", version).shown == shown


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
