"""A conflict is answered with the chain that leads to it and the smallest change, found by resolving again."""

from pathlib import Path

import pytest

from bundle_runtime.worker.install.conflict import chains_to, relaxed
from bundle_runtime.worker.install.resolution import read_lines
from tools.testkit.package_index import image_with, index_of, run_install

INDEX = [
    ("plain", "1.0"),
    ("plain", "2.0"),
    ("other", "1.0"),
    ("other", "2.0"),
    ("old_plain", "1.0", "plain<2"),
    ("old_plain", "2.0", "plain"),
    ("new_plain", "1.0", "plain>=2"),
    ("old_other", "1.0", "other<2"),
    ("new_other", "1.0", "other>=2"),
    ("beyond", "1.0", "plain>=3"),
    ("beyond", "0.9", "plain"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    with index_of(tmp_path_factory.mktemp("index"), INDEX) as url:
        yield url


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    return image_with(tmp_path_factory.mktemp("image"), "3.12", [])


@pytest.mark.parametrize(
    ("entries", "reason", "said"),
    [
        (
            ["old-plain==1.0", "new-plain"],
            "RequirementsConflict",
            "exclude each other. To solve it, write old-plain==2.0 in place of old-plain==1.0 (requirements[0]).",
        ),
        (
            ["other", "old-plain==1.0", "plain>=2", "other<2"],
            "RequirementsConflict",
            "To solve it, write old-plain==2.0 in place of old-plain==1.0 (requirements[1]).",
        ),
        (
            ["new-plain", "plain<2"],
            "RequirementsConflict",
            "To solve it, write plain==2.0 in place of plain<2 (requirements[1]).",
        ),
        (
            ["old-other", "new-other"],
            "RequirementsConflict",
            "Without requirements[0] (old-other) the others can be installed: loosen or leave it out.",
        ),
        (
            ["old-other", "new-other", "new-plain", "plain<2", "plain<1.5"],
            "RequirementsConflict",
            "exclude each other. No change of a single entry solves it.",
        ),
        (
            ["beyond==1.0"],
            "RequirementNotFound",
            "beyond==1.0 needs something that is not at the index for this Python. To solve it, write beyond==0.9",
        ),
        (
            ["other", "beyond>=1"],
            "RequirementNotFound",
            "beyond>=1 needs something that is not at the index for this Python. To solve it, write beyond==0.9 in",
        ),
    ],
)
def test_the_smallest_change_is_named(tmp_path, image, index, entries, reason, said):
    done = run_install(tmp_path, image, entries, index)
    assert (done.code, done.report["reason"]) == (1, reason), done.log
    assert said in done.report["message"]
    assert " uv: " in done.report["message"]
    assert done.log.count("No solution found") == 2, "once as uv wrote it, once quoted; tries are not for the log"


def test_no_more_than_ten_tries_are_made(tmp_path, image, index):
    entries = ["old-other", "new-other", "old-plain<2", "new-plain==1.0", *(f"plain<{n}" for n in (1.5, 1.6, 1.7, 1.8))]
    done = run_install(tmp_path, image, entries, index)
    assert "10 tries found no single entry whose change solves it" in done.report["message"]


@pytest.mark.parametrize(
    ("entry", "looser"),
    [
        ("plain==1.0", "plain"),
        ("plain[a,b] (>=1,<2) ; python_version > '3'", "plain[a,b] ; python_version > '3'"),
        ("plain", None),
        ("plain @ https://host/plain-1.0-py3-none-any.whl", None),
    ],
)
def test_an_entry_is_relaxed_by_its_versions_alone(entry, looser):
    assert relaxed(entry) == looser


def test_the_chain_is_the_shortest_from_each_entry():
    lines = read_lines([
        "a==1  # via -r requirements.in",
        "b==1  # via a, c",
        "c==1  # via -r requirements.in, a",
        "d==1  # via b, c",
    ])  # fmt: skip
    entries = ["A", "c>=1"]
    assert chains_to("d", lines, entries) == {1: "requirements[1] (c>=1) -> d", 0: "requirements[0] (A) -> b -> d"}
    assert chains_to("c", lines, entries) == {1: "requirements[1] (c>=1)", 0: "requirements[0] (A) -> c"}
    assert chains_to("alone", lines, entries) == {}
