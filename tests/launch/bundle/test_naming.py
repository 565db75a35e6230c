"""Names of the client's objects: whatever a bundle is called, its object has a valid name that says what it is."""

import re

import pytest

from launch.bundle.naming import bundle_metadata, created_at, display_name, label_value, object_name, owner_label
from launch.errors import InvalidBundleError

DIGEST = "sha256:" + "0123456789abcdef" * 4
DNS_1035 = re.compile(r"[a-z]([-a-z0-9]{0,50}[a-z0-9])?")
LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("test-bundle", "test-bundle-0123456789"),
        ("a" * 41, "a" * 41 + "-0123456789"),
    ],
)
def test_an_object_is_called_like_its_bundle_and_its_digest(given, expected):
    assert object_name(given, DIGEST) == expected


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ("Test Bundle!", "test-bundle-"),
        ("sentiment_v3.1", "sentiment-v3-1-"),
        ("3d-model", "bundle-3d-model-"),
        ("ünïcode", "n-code-"),
        ("日本", "bundle-"),
        ("模型", "bundle-"),
        ("a" * 80, "a" * 41 + "-"),
        ("a" * 81, "a" * 41 + "-"),
        ("a" * 40 + "-" + "b" * 9, "a" * 40 + "-"),
        ("test bundle!", "test-bundle-"),
    ],
)
def test_names_that_only_look_alike_are_other_objects(given, begins):
    name = object_name(given, DIGEST)
    assert name.startswith(begins)
    assert DNS_1035.fullmatch(name)
    assert not name.endswith("0123456789")
    assert name == object_name(given, DIGEST)
    assert object_name(given, DIGEST) != object_name(given + "?", DIGEST)


@pytest.mark.parametrize("given", ["", "   ", None, 3, "x" * 1025])
def test_what_says_nothing_is_no_name(given):
    with pytest.raises(InvalidBundleError, match="model_bundle_name"):
        object_name(given, DIGEST)


@pytest.mark.parametrize("given", ["test-bundle", "Test_Bundle.1", "has blanks", "-leading", "日本", "x" * 200, ""])
def test_any_name_can_be_selected_by_a_label(given):
    assert LABEL.fullmatch(label_value(given))
    assert (label_value(given) == given) == bool(LABEL.fullmatch(given))


def test_an_owner_is_a_hash_in_the_label_and_itself_in_the_annotation():
    user = "system:serviceaccount:team-a:notebook"
    metadata = bundle_metadata("b", user, 5, {})
    assert metadata["labels"]["modelbundle.dev/owner"] == owner_label(user)
    assert LABEL.fullmatch(owner_label(user))
    assert metadata["annotations"]["modelbundle.dev/owner"] == user
    assert "modelbundle.dev/owner" not in bundle_metadata("b", "", 5, {})["labels"]


def test_what_is_kept_beside_a_bundle_has_a_limit_and_is_left_out_above_it():
    assert "modelbundle.dev/metadata" in bundle_metadata("b", "", 5, {"load_predict_fn": "x" * 1000})["annotations"]
    assert (
        "modelbundle.dev/metadata" not in bundle_metadata("b", "", 5, {"load_predict_fn": "x" * 20000})["annotations"]
    )


def test_the_moment_of_creation_is_the_annotation_else_the_servers():
    made = {"metadata": {"name": "b-0", "creationTimestamp": "2026-01-02T03:04:05Z", **bundle_metadata("b", "", 7, {})}}
    assert (created_at(made), display_name(made)) == (7, "b")
    written = {"metadata": {"name": "b", "creationTimestamp": "1970-01-01T00:00:05Z"}}
    assert (created_at(written), display_name(written)) == (5 * 10**9, "b")
