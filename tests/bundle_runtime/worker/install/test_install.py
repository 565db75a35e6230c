"""install in an "image" of Python 3.8 and of 3.12: what the image lacks, never a second copy of what is compiled."""

import hashlib
from pathlib import Path

import pytest

from launch.lineage.lock import installed_in_log
from tools.testkit.distributions import wheel
from tools.testkit.package_index import image_with, index_of, run_install

IMAGE: list[tuple[tuple[str, str, tuple[str, ...]], bool]] = [
    (("torchlike", "1.7.1+cu110", ()), True),
    (("numpylike", "1.21.0", ()), True),
    (("extended", "1.0", ("plain>=1 ; extra == 'more'",)), False),
]


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    packages = [
        ("numpylike", "1.21.0"),
        ("numpylike", "1.24.0"),
        ("plain", "1.0"),
        ("plain", "2.0"),
        ("needs_torch", "1.0", "torchlike>=1.7", "numpylike>=1.20", "plain"),
        ("needs_new", "1.0", "numpylike>=1.24"),
        ("old_plain", "1.0", "plain<2"),
        ("new_plain", "1.0", "plain>=2"),
    ]
    with index_of(tmp_path_factory.mktemp("index"), packages) as url:
        yield url


@pytest.fixture(scope="session", params=["3.8", "3.12"])
def image(request, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("wheels")
    wheels = [wheel(directory, *package, "image", compiled=compiled) for package, compiled in IMAGE]
    return image_with(tmp_path_factory.mktemp("image"), request.param, wheels)


def test_only_what_the_image_lacks_is_installed(tmp_path, image, index):
    done = run_install(tmp_path, image, ["needs-torch==1.0", "numpylike"], index)
    assert done.code == 0, done.log
    installed = Path(done.layout.requirements_dir, "installed.txt").read_bytes()
    assert installed == b"needs-torch==1.0\nplain==2.0\n"
    assert done.report["reason"] == "Completed"
    assert done.report["count"] == 2
    assert done.report["requirementsDigest"] == "sha256:" + hashlib.sha256(installed).hexdigest()
    listed = installed_in_log(done.out, done.report["requirementsDigest"])  # as `modelbundle lock` reads it
    assert listed == installed.decode().splitlines()
    assert set(done.report["seconds"]) == {"resolve", "install"}
    assert done.origin(image, "torchlike") == "image 1.7.1+cu110"
    assert done.origin(image, "numpylike") == "image 1.21.0"
    assert done.origin(image, "needs_torch") == "index 1.0"


def test_bytecode_is_compiled_and_no_cache_is_left(tmp_path, image, index):
    done = run_install(tmp_path, image, ["plain"], index)
    left = {path.name for path in Path(done.layout.requirements_dir).iterdir()}
    assert list(Path(done.layout.requirements_dir, "plain", "__pycache__").glob("*.pyc"))
    assert ".uv-cache" not in left


def test_requirements_that_the_image_satisfies_install_nothing(tmp_path, image, index):
    done = run_install(tmp_path, image, ["torchlike", "numpylike<2"], index)
    assert (done.code, done.report["count"]) == (0, 0)
    assert done.report["requirementsDigest"] == "sha256:" + hashlib.sha256(b"").hexdigest()


def test_an_extra_of_an_image_package_brings_only_what_it_adds(tmp_path, image, index):
    done = run_install(tmp_path, image, ["extended[more]"], index)
    assert Path(done.layout.requirements_dir, "installed.txt").read_text() == "plain==2.0\n", done.log


def test_a_second_run_changes_nothing_and_needs_no_index(tmp_path, image, index):
    first = run_install(tmp_path, image, ["plain"], index)
    second = run_install(tmp_path, image, ["plain"], "http://127.0.0.1:9/simple")
    assert second.code == 0, second.log
    assert second.report["requirementsDigest"] == first.report["requirementsDigest"]


def test_a_run_that_was_cut_off_is_done_again(tmp_path, image, index):
    done = run_install(tmp_path, image, ["plain"], index)
    Path(done.layout.requirements_dir, ".modelbundle").unlink()
    Path(done.layout.requirements_dir, "half").mkdir()
    done = run_install(tmp_path, image, ["plain"], index)
    assert done.code == 0
    assert not Path(done.layout.requirements_dir, "half").exists()


@pytest.mark.parametrize(
    ("requirements", "reason", "said"),
    [
        (["nowhere-to-be-found"], "RequirementNotFound", "nowhere-to-be-found is not at the index http://127.0.0.1"),
        (["plain==99"], "RequirementNotFound", "plain==99"),
        (["needs-new"], "RequirementsConflict", "the image has numpylike==1.21.0, which is kept"),
        (["numpylike==1.24.0"], "RequirementsConflict", "numpylike==1.21.0"),
        (["torchlike==1.8"], "RequirementsConflict", "torchlike==1.7.1+cu110"),
        (["old-plain", "new-plain"], "RequirementsConflict", "exclude each other"),
        (["-r more.txt"], "InstallFailed", "requirements[0] is '-r more.txt': options of pip are not allowed"),
    ],
)
def test_a_failure_names_its_reason_and_the_package(tmp_path, image, index, requirements, reason, said):
    done = run_install(tmp_path, image, requirements, index)
    assert (done.code, done.report["reason"]) == (1, reason), done.log
    assert said in done.report["message"]


def test_an_index_that_is_not_there_is_unreachable_and_its_password_is_not_told(tmp_path, image):
    done = run_install(tmp_path, image, ["plain"], "http://user:secret@127.0.0.1:9/simple")
    assert done.report["reason"] == "IndexUnreachable"
    assert "http://127.0.0.1:9/simple" in done.report["message"]
    assert "secret" not in done.report["message"] + done.log


def test_an_edited_document_is_not_installed(tmp_path, image, index):
    done = run_install(tmp_path, image, ["plain"], index, MODELBUNDLE_DIGEST="sha256:" + "0" * 64)
    assert (done.code, done.report["reason"]) == (1, "BundleDocumentMismatch")
