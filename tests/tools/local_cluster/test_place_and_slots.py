"""Which cluster belongs to which checkout, and which slot each gets."""

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tools.local_cluster import place as places
from tools.local_cluster import slots
from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import of_checkout
from tools.local_cluster.plan import SLOTS, Shape


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "STATE_ROOT", tmp_path)
    monkeypatch.setattr(slots, "_routed", list)
    return tmp_path


def test_a_name_is_stable_and_fits_a_network_interface() -> None:
    one = of_checkout(Path("/home/a/project"))
    assert one == of_checkout(Path("/home/a/project"))
    assert one.id != of_checkout(Path("/home/b/project")).id
    assert len(one.name) <= 15


def test_a_checkout_has_another_cluster_for_each_name() -> None:
    usual, other = of_checkout(Path("/one")), of_checkout(Path("/one"), "bench")
    assert len({usual.id, other.id, of_checkout(Path("/one"), "faults").id}) == 3
    assert other.shown == "/one named 'bench'"
    assert usual.shown == "/one"


def test_two_checkouts_get_two_slots_and_keep_them(machine: Path) -> None:
    one, two = of_checkout(Path("/one")), of_checkout(Path("/two"))
    assert [slots.claim(one).slot, slots.claim(two).slot, slots.claim(one).slot] == [0, 1, 0]
    assert {checkout for _, checkout in slots.claims()} == {"/one", "/two"}


def test_a_slot_is_free_again_once_its_state_is_gone(machine: Path) -> None:
    one, two = of_checkout(Path("/one")), of_checkout(Path("/two"))
    slots.claim(one)
    one.slot_file.unlink()
    assert slots.claim(two).slot == 0


def test_a_range_that_the_machine_uses_is_left_alone(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_routed", lambda: [IPv4Network("198.18.0.0/19")])
    assert slots.claim(of_checkout(Path("/one"))).slot == 2


def test_a_service_range_that_the_machine_uses_is_left_alone_too(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_routed", lambda: [IPv4Network("240.0.0.0/15")])
    assert slots.claim(of_checkout(Path("/one"))).slot == 2


def test_a_cluster_keeps_its_shape(machine: Path) -> None:
    one, small = of_checkout(Path("/one")), Shape(service_prefix=28, node=False)
    assert slots.claim(one, small).shape == slots.current(one).shape == small
    assert slots.claim(one).shape == small
    assert not slots.planned_otherwise(one)


def test_a_cluster_of_an_older_version_of_the_tool_is_told(machine: Path) -> None:
    one = of_checkout(Path("/one"))
    one.state.mkdir()
    one.slot_file.write_text(json.dumps({"slot": 4, "checkout": "/one"}))
    assert slots.planned_otherwise(one)
    assert slots.current(one).slot == 4


def test_when_all_slots_are_taken_the_error_names_who_has_them(machine: Path) -> None:
    for slot in range(SLOTS):
        (machine / str(slot)).mkdir()
        (machine / str(slot) / "slot.json").write_text(json.dumps({"slot": slot, "checkout": f"/copy{slot}"}))
    with pytest.raises(ClusterError, match="/copy7"):
        slots.claim(of_checkout(Path("/one")))


def test_without_a_slot_the_cluster_is_not_up(machine: Path) -> None:
    with pytest.raises(NotUpError, match="is not up"):
        slots.current(of_checkout(Path("/one")))
