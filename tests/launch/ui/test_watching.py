"""The board is kept up to date, and says when it is not."""

from __future__ import annotations

import json
import threading

from bundle_spec.names import PLURAL
from launch.cluster.following import ListExpired
from launch.errors import APIError
from launch.ui.board import Board
from launch.ui.rows import bundle_row
from launch.ui.watching import Gone, Listed, Put, keep_up
from tests.launch.ui.stand_in import bundle

A, B = bundle_row(bundle("a")), bundle_row(bundle("b"))


class Scripted:
    """Each attempt plays one script; after the last one the watching ends."""

    def __init__(self, stopping, *scripts):
        self.stopping, self.scripts = stopping, list(scripts)

    def follow(self, plural, most):
        if not self.scripts:
            self.stopping.set()
            return
        for step in self.scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step


def played(*scripts):
    """The board at the end, and the states in the order in which they were said."""
    stopping, board = threading.Event(), Board({})
    number, _ = board.snapshot()
    keep_up(Scripted(stopping, *scripts), PLURAL, board, stopping, first=0.001)
    changes = [json.loads(change) for change in board.after(number, 0)[1] or ()]
    return board, [change for change in changes if change["change"] == "state"]


def test_rows_come_change_and_go():
    changed = bundle_row(bundle("b", replicas=2))
    board, states = played([Listed([A]), Put(B), Put(changed), None, Gone(("models", "a"))])
    assert board.row(PLURAL, ("models", "a")) is None
    assert board.row(PLURAL, ("models", "b")) == changed
    assert [state["state"] for state in states] == ["live"]


def test_an_api_server_that_is_away_is_said_with_growing_pauses_and_what_was_seen_stays():
    away = APIError(0, "cannot reach the Kubernetes API")
    board, states = played([Listed([A]), away], [away], [away], [Listed([A, B])])
    assert [state["state"] for state in states[:2]] == ["live", "away"]
    assert "cannot reach" in states[1]["message"]
    assert states[-1]["state"] == "live"
    assert board.row(PLURAL, ("models", "b")) == B


def test_a_list_that_has_expired_is_read_again_and_is_no_outage():
    board, states = played([Listed([A]), ListExpired(410, "too old")], [Listed([B])])
    assert [state["state"] for state in states] == ["live", "resync", "live"]
    assert board.row(PLURAL, ("models", "a")) is None
