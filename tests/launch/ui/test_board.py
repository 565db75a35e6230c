"""What pages are told: everything first, then each change once, and everything again to one that is too far behind."""

from __future__ import annotations

import json
import threading

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.ui.board import Board
from launch.ui.rows import bundle_row, endpoint_row
from tests.launch.ui.stand_in import bundle, endpoint


def row(name: str, **more):
    return bundle_row(bundle(name, **more))


def read(changes):
    return [json.loads(change) for change in changes]


def names(changes):
    return [change["row"]["name"] for change in read(changes) if change["change"] == "put"]


def test_a_page_begins_with_all_rows():
    board = Board({"where": "here"})
    board.replace(PLURAL, [row("a"), row("b")])
    board.replace(ENDPOINT_PLURAL, [endpoint_row(endpoint("e", "a"))])
    _, changes = board.snapshot()
    begin, *_, whole = read(changes)
    assert begin["info"] == {"where": "here"}
    assert begin["states"][PLURAL]["state"] == "live"
    assert begin["activity"] == [], "what was there at the start did not happen"
    assert whole == {"change": "whole"}
    assert names(changes) == ["a", "b", "e"]


def test_each_change_comes_once_and_what_is_the_same_does_not_come():
    board = Board({})
    board.replace(PLURAL, [row("a")])
    number, _ = board.snapshot()
    board.put(PLURAL, row("a"))
    assert board.after(number, 0) == (number, [])
    board.put(PLURAL, row("b"))
    board.remove(PLURAL, ("models", "a"))
    board.remove(PLURAL, ("models", "a"))
    number, changes = board.after(number, 0)
    assert [change["change"] for change in read(changes)] == ["put", "activity", "gone", "activity"]
    assert board.after(number, 0) == (number, [])


def test_a_fresh_list_says_only_what_is_different():
    board = Board({})
    board.replace(PLURAL, [row("a"), row("b")])
    number, _ = board.snapshot()
    board.replace(PLURAL, [row("b"), row("c")])
    _, changes = board.after(number, 0)
    said = [(change["change"], change.get("entry", change).get("name")) for change in read(changes)]
    assert said == [("gone", "a"), ("activity", "a"), ("put", None), ("activity", "c")]


def test_a_page_that_is_too_far_behind_begins_anew():
    board = Board({}, most_changes=4)
    number, _ = board.snapshot()
    for index in range(5):
        board.put(PLURAL, row(f"b{index}"))
    assert board.after(number, 0) == (number, None)
    assert names(board.snapshot()[1]) == [f"b{index}" for index in range(5)]


def test_there_is_a_most_of_rows_and_it_is_said():
    board = Board({}, most_rows=2)
    board.replace(PLURAL, [row("a"), row("b")])
    board.put(PLURAL, row("c"))
    begin, *_ = read(board.snapshot()[1])
    assert begin["states"][PLURAL]["complete"] is False
    assert names(board.snapshot()[1]) == ["a", "b"]
    board.put(PLURAL, row("a", replicas=2))  # one that it has is kept up to date
    assert (board.row(PLURAL, ("models", "a")) or {})["replicas"] == 2


def test_a_state_is_said_when_it_is_another():
    board = Board({})
    number, _ = board.snapshot()
    for _ in range(3):
        board.say(PLURAL, "away", "no route", 2)
    _, changes = board.after(number, 0)
    (said,) = read(changes)
    assert (said["state"], said["message"], said["retrySeconds"]) == ("away", "no route", 2)


def test_who_waits_is_woken_by_a_change():
    board = Board({})
    number, _ = board.snapshot()
    found = []
    waiting = threading.Thread(target=lambda: found.append(board.after(number, 60)))
    waiting.start()
    board.put(PLURAL, row("a"))
    waiting.join(30)
    assert names(found[0][1]) == ["a"]


def test_a_change_is_one_line_of_ascii_whatever_a_text_holds():
    board = Board({})
    board.put(PLURAL, row("a", ready=("False", "x\n\ndata: {}\r", "\ud800 \u2028 ü")))
    _, changes = board.snapshot()
    assert all(change.isascii() and "\n" not in change and "\r" not in change for change in changes)
