"""Pure packages of the image give way to what the requirements need; compiled ones, and what these need, stay."""

from pathlib import Path

import pytest

from tools.testkit.distributions import wheel
from tools.testkit.package_index import image_with, index_of, run_install

# name, version, what it needs, whether it is compiled
IMAGE: list[tuple[tuple[str, str, tuple[str, ...]], bool]] = [
    (("typinglike", "4.4.0", ()), False),
    (("tensorlike", "2.12.0", ("typinglike<4.8,>=3.6", "numpylike (>=1.20)", "absent>=3")), True),
    (("numpylike", "1.21.0", ()), True),
    (("olderpure", "1.0", ("typinglike<4.5",)), False),
    (("corelike", "1.0", ()), True),
    (("pydlike", "1.0", ("corelike==1.0", "typinglike>=4; python_version >= '3'")), False),
    (("ownbuild", "1.0+company", ()), False),
    (("nvlike", "2.1.0a0+32f93b1", ()), True),
]
INDEX = [
    ("typinglike", "4.4.0"),
    ("typinglike", "4.5.0"),
    ("typinglike", "4.6.1"),
    ("typinglike", "4.9.0"),
    ("modern", "1.0", "typinglike>=4.5"),
    ("modern", "2.0", "typinglike>=4.9"),
    ("content", "1.0", "typinglike>=4"),
    ("olderpure", "2.0", "typinglike<5"),
    ("corelike", "2.0"),
    ("pydlike", "1.5", "corelike==1.0"),
    ("pydlike", "2.0", "corelike==2.0"),
    ("ownbuild", "3.0"),
    ("needs_vendor", "1.0", "nvlike>=2.1"),
    ("through", "1.0", "between>=1"),
    ("between", "1.0", "numpylike>=1.24"),
    ("numpylike", "1.24.0"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    with index_of(tmp_path_factory.mktemp("index"), INDEX) as url:
        yield url


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def image(request, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("wheels")
    wheels = [wheel(directory, *package, "image", compiled=compiled) for package, compiled in IMAGE]
    return image_with(tmp_path_factory.mktemp("image"), request.param, wheels)


def installed(done) -> str:
    assert done.code == 0, done.log
    return Path(done.layout.requirements_dir, "installed.txt").read_text()


def test_a_newer_pure_package_is_laid_over_with_all_that_it_would_break(tmp_path, image, index):
    done = run_install(tmp_path, image, ["modern==1.0"], index)
    assert installed(done).split() == ["modern==1.0", "olderpure==2.0", "typinglike==4.6.1"], done.out
    assert "typinglike 4.6.1 is laid over the image's 4.4.0, for modern" in done.out
    assert done.origin(image, "typinglike") == "index 4.6.1"
    assert done.origin(image, "tensorlike") == "image 2.12.0"


def test_what_the_image_has_is_taken_where_it_does(tmp_path, image, index):
    assert installed(run_install(tmp_path, image, ["content", "typinglike", "pydlike"], index)) == "content==1.0\n"


def test_what_a_compiled_package_needs_is_kept(tmp_path, image, index):
    done = run_install(tmp_path, image, ["content", "modern==2.0"], index)
    assert done.report["reason"] == "RequirementsConflict", done.log
    said = done.report["message"]
    assert "the image's tensorlike 2.12.0 needs typinglike<4.8,>=3.6" in said
    assert "requirements[1] (modern==2.0) -> typinglike leads to typinglike==4.9.0" in said
    assert "write modern==1.0 in place of modern==2.0 (requirements[1])" in said


def test_a_pure_package_is_never_left_with_a_compiled_part_of_another_version(tmp_path, image, index):
    done = run_install(tmp_path, image, ["pydlike==2.0"], index)
    assert done.report["reason"] == "RequirementsConflict", done.log
    assert "the image has corelike==1.0, which is kept as it is" in done.report["message"]
    assert "write pydlike==1." in done.report["message"]
    assert installed(run_install(tmp_path, image, ["pydlike>1"], index)) == "pydlike==1.5\n"


def test_the_chain_to_what_is_in_the_way_is_named(tmp_path, image, index):
    done = run_install(tmp_path, image, ["content", "through"], index)
    assert done.report["reason"] == "RequirementsConflict", done.log
    said = done.report["message"]
    assert "requirements[1] (through) -> between -> numpylike leads to numpylike==1.24.0" in said
    assert "Without requirements[1] (through) the others can be installed" in said


def test_a_build_of_the_images_own_stays(tmp_path, image, index):
    assert installed(run_install(tmp_path, image, ["ownbuild"], index)) == ""
    done = run_install(tmp_path, image, ["ownbuild>=2"], index)
    assert done.report["reason"] == "RequirementsConflict"
    assert "the image has ownbuild==1.0+company, which is kept as it is" in done.report["message"]


def test_a_vendors_pre_release_counts_as_the_release(tmp_path, image, index):
    assert installed(run_install(tmp_path, image, ["needs-vendor", "nvlike==2.1.0"], index)) == "needs-vendor==1.0\n"


def test_nothing_is_laid_over_by_a_second_run_that_changes_nothing(tmp_path, image, index):
    first = run_install(tmp_path, image, ["modern==1.0"], index)
    second = run_install(tmp_path, image, ["modern==1.0"], "http://127.0.0.1:9/simple")
    assert second.report["requirementsDigest"] == first.report["requirementsDigest"]
    assert "laid over" not in second.out
