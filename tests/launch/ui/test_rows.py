"""What the page's lists show of an object, whatever is in it."""

from __future__ import annotations

import json

import pytest

from launch.ui.rows import LONGEST, NOT_JUDGED, bundle_row, endpoint_row, health
from tests.launch.ui.stand_in import bundle, endpoint


def with_condition(made: dict, kind: str, reason: str = "Progressing") -> dict:
    made["status"]["conditions"].append({"type": kind, "status": "True", "reason": reason, "message": "so"})
    return made


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (bundle("b"), "Ready"),
        (bundle("b", ready=("True", "Stored", "0 replicas")), "Stored"),
        (with_condition(bundle("b"), "Reconciling"), "Updating"),
        (bundle("b", ready=("Unknown", "Progressing", "starts")), "Starting"),
        (with_condition(bundle("b", ready=("False", "Progressing", "starts")), "Reconciling"), "Starting"),
        (bundle("b", ready=("False", "LoadFailed", "no file")), "Failing"),
        (with_condition(bundle("b", ready=("False", "LoadFailed", "no file")), "Reconciling", "LoadFailed"), "Failing"),
        (with_condition(bundle("b", ready=("False", "InvalidValue", "no")), "Stalled"), "Stalled"),
        (bundle("b", status={}), "Unknown"),
        (bundle("b", status=None), "Unknown"),
    ],
)
def test_health_is_one_word(made, word):
    assert health(made) == word


def test_a_deleted_one_says_so_whatever_its_conditions_are():
    made = bundle("b")
    made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert health(made) == "Deleting"


def test_a_status_of_an_older_version_of_the_object_is_not_shown():
    made = bundle("b", ready=("True", "Serving", "1 of 1"))
    made["metadata"]["generation"] = 2
    row = bundle_row(made)
    assert (row["health"], row["reason"], row["message"]) == ("Unknown", "", NOT_JUDGED)


def test_a_row_has_what_the_list_shows():
    made = bundle("b", replicas=3)
    made["status"]["lineage"] = {"root": "a", "parent": "a2"}
    row = bundle_row(made)
    assert row["namespace"] == "models"
    assert row["shown"] == "b"
    assert (row["replicas"], row["readyReplicas"], row["image"]) == (3, 3, "python:3.12")
    assert (row["root"], row["base"]) == ("a", "a2")


def test_a_clone_that_is_not_resolved_names_its_base():
    assert bundle_row(bundle("b", spec={"bundle": {"cloneFrom": {"name": "a"}}}))["base"] == "a"


def test_a_row_is_small_whatever_the_object_holds():
    made = bundle("b", ready=("False", "LoadFailed", "x" * 30_000))
    made["metadata"]["annotations"] = {"modelbundle.dev/bundle-name": "n" * 200_000}
    made["spec"]["bundle"]["appConfig"] = {"large": "y" * 190_000}
    row = bundle_row(made)
    assert len(row["message"]) == LONGEST
    assert len(json.dumps(row)) < 3_000


def test_an_object_of_which_only_the_metadata_is_known_has_a_row():
    metadata = {"name": "b", "namespace": "models"}
    assert bundle_row({"metadata": metadata})["health"] == "Unknown"
    assert endpoint_row({"metadata": metadata})["health"] == "Unknown"


def test_an_endpoint_says_what_is_to_answer_what_answers_and_the_move_between():
    assert endpoint_row(endpoint("e", "b", "b"))["moving"] is None
    row = endpoint_row(endpoint("e", "b", moving={"from": "a", "to": "b", "until": "2026-01-01T00:01:00Z"}))
    assert (row["bundle"], row["active"], row["health"]) == ("b", "", "Updating")
    assert row["moving"] == {"from": "a", "to": "b", "until": "2026-01-01T00:01:00Z"}
