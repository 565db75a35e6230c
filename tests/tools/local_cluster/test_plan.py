"""The address plan: clusters side by side never share an address, and all of them stay in the test range."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from tools.local_cluster.plan import SLOTS, plan


def test_every_slot_lies_in_the_test_range() -> None:
    assert all(plan(slot).network.subnet_of(IPv4Network("198.18.0.0/15")) for slot in range(SLOTS))


def test_no_two_slots_overlap() -> None:
    networks = [plan(slot).network for slot in range(SLOTS)]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))


@pytest.mark.parametrize("slot", [0, 1, SLOTS - 1])
def test_the_parts_of_a_slot_are_apart(slot: int) -> None:
    found = plan(slot)
    parts = [found.link, found.services, found.pods]
    assert all(part.subnet_of(found.network) for part in parts)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))


def test_the_addresses_of_the_first_slot() -> None:
    found = plan(0)
    assert (found.host_ip, found.node_ip) == ("198.18.0.1", "198.18.0.2")
    assert (found.api_service_ip, found.dns_ip) == ("198.18.4.1", "198.18.4.10")


def test_a_slot_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="slot 32"):
        plan(SLOTS)
