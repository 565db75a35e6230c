"""The line for what happened between two rows."""

from __future__ import annotations

import pytest

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.ui.activity import happened
from launch.ui.rows import bundle_row, endpoint_row
from tests.launch.ui.stand_in import bundle, endpoint

READY = bundle_row(bundle("b"))
STARTING = bundle_row(bundle("b", ready=("Unknown", "Progressing", "starts")))
FAILING = bundle_row(bundle("b", ready=("False", "LoadFailed", "no file")))
TWO = bundle_row(bundle("b", replicas=2))
A = endpoint_row(endpoint("e", "a", "a"))
ASKED = endpoint_row(endpoint("e", "b", "a"))
MOVING = endpoint_row(endpoint("e", "b", moving={"from": "a", "to": "b", "until": "12:00"}))
B = endpoint_row(endpoint("e", "b", "b"))


@pytest.mark.parametrize(
    ("plural", "before", "after", "line"),
    [
        (PLURAL, None, READY, "created"),
        (PLURAL, READY, None, "deleted"),
        (PLURAL, READY, {**READY, "version": "2", "message": "other words"}, ""),
        (PLURAL, STARTING, READY, "1 of 1 replicas answer; Starting → Ready (Serving)"),
        (PLURAL, STARTING, FAILING, "Starting → Failing (LoadFailed)"),
        (PLURAL, READY, TWO, "2 replicas are asked for, it was 1; 2 of 2 replicas answer"),
        (ENDPOINT_PLURAL, A, ASKED, "is to move from a to b"),
        (
            ENDPOINT_PLURAL, ASKED, MOVING,
            "new connections go to b; connections that are open may stay with a until 12:00; Ready → Updating (Moving)",
        ),
        (ENDPOINT_PLURAL, MOVING, B, "b alone answers; Updating → Ready (Serving)"),
    ],
)  # fmt: skip
def test_the_line(plural, before, after, line):
    assert happened(plural, before, after) == line
