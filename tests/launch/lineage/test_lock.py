"""Pins: the image by the digest that ran, each requirement at the version that was installed."""

import hashlib

import pytest

from bundle_spec.requirements import check_requirements
from launch.lineage.lock import LockError, installed_in_log, pinned_image, pinned_requirements, with_hashes

DIGEST = "sha256:" + "d" * 64


@pytest.mark.parametrize(
    ("params", "pinned"),
    [
        (
            {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "r/python", "tag": "3.12"}},
            {"customBaseImage": {"repository": "r/python", "tag": "3.12", "digest": DIGEST}},
        ),
        ({"frameworkType": "pytorch", "pytorchImageTag": "2.4"}, {"pytorchImageTag": f"2.4@{DIGEST}"}),
        ({"frameworkType": "tensorflow", "tensorflowVersion": f"2.3@{DIGEST}"}, {"tensorflowVersion": f"2.3@{DIGEST}"}),
    ],
)
def test_the_image_is_pinned_where_its_field_takes_a_digest(params, pinned):
    assert pinned_image(params, f"docker.io/some/image@{DIGEST}") == {**params, **pinned}


@pytest.mark.parametrize("image_id", ["", DIGEST, "docker.io/some/image:3.12"])
def test_an_image_without_a_registrys_digest_cannot_be_pinned(image_id):
    with pytest.raises(LockError, match=r"status\.imageID"):
        pinned_image({"frameworkType": "pytorch", "pytorchImageTag": "2"}, image_id)


def test_an_image_that_is_pinned_already_needs_no_registrys_digest():
    params = {"frameworkType": "pytorch", "pytorchImageTag": f"2@{DIGEST}"}
    assert pinned_image(params, DIGEST) == params


def test_requirements_become_what_was_installed():
    entries = [
        "Scikit_Learn>=1.5",
        "numpy",
        "uvicorn[standard] ~= 0.3 ; python_version > '3.8'",
        "own @ https://x/own.whl",
    ]
    installed = ["own==1.0", "scikit-learn==1.5.2", "scipy==1.14.0", "uvicorn==0.30.1"]
    assert pinned_requirements(entries, installed) == [
        "Scikit_Learn==1.5.2",
        "numpy",
        "uvicorn[standard]==0.30.1 ; python_version > '3.8'",
        "own @ https://x/own.whl",
        "scipy==1.14.0",
    ]


WHEEL, SOURCE = "a" * 64, "b" * 64
FILES = [f"numpy==2.1.0 --hash=sha256:{WHEEL}", f"docopt==0.6.2 --hash=sha256:{SOURCE}  # built from source"]


def test_each_that_was_installed_gets_the_hash_of_its_file():
    pinned = ["torch", "NumPy==2.1.0 ; python_version > '3.8'", "docopt==0.6.2"]
    found = with_hashes(pinned, FILES)
    assert found.entries == [
        "torch",
        f"NumPy==2.1.0 ; python_version > '3.8' --hash=sha256:{WHEEL}",
        f"docopt==0.6.2 --hash=sha256:{SOURCE}",
    ]
    assert found.built == ["docopt==0.6.2"]
    check_requirements(found.entries)


def test_a_lock_is_locked_again():
    entries = [f"torch==2.0 --hash=sha256:{SOURCE}", f"numpy==2.0.0 --hash=sha256:{SOURCE}"]
    pinned = pinned_requirements(entries, ["numpy==2.1.0"])
    assert pinned == ["torch==2.0", "numpy==2.1.0"]
    assert with_hashes(pinned, FILES[:1], entries).entries == [entries[0], FILES[0]]


@pytest.mark.parametrize(
    ("pinned", "files", "why"),
    [
        (["numpy==2.1.0", "own==1.0"], [FILES[0], "own==1.0"], "that of own==1.0 is not known"),
        (["own @ https://host/" + "x" * 480], [f"own==1.0 --hash=sha256:{WHEEL}"], "own has more than 512 characters"),
    ],
)
def test_where_one_hash_is_lacking_there_is_none(pinned, files, why):
    found = with_hashes(pinned, files)
    assert found.entries == pinned
    assert why in found.no_hashes


def log_of(*lines: str) -> tuple[str, str]:
    digest = "sha256:" + hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    summary = f"installed {len(lines)} packages that the image lacks, {digest}"
    return "\n".join(["Resolved 2 packages", summary, *lines]), digest


def test_the_list_in_the_log_is_believed_by_its_digest():
    log, digest = log_of("a==1", "b==2")
    assert installed_in_log(log, digest) == ["a==1", "b==2"]
    assert installed_in_log(log + "\nmore", digest) == ["a==1", "b==2"]
    assert installed_in_log(log.replace("b==2", "b==3"), digest) is None
    assert installed_in_log(log, DIGEST) is None
    assert installed_in_log("", digest) is None
    assert installed_in_log(*log_of()) == []
