"""The address plan: clusters side by side never share an address, and all of them stay in the test range."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest

from tools.local_cluster.plan import SLOTS, Shape, plan


def test_every_slot_lies_in_the_test_range() -> None:
    assert all(plan(slot).network.subnet_of(IPv4Network("198.18.0.0/15")) for slot in range(SLOTS))


def test_no_two_slots_overlap() -> None:
    networks = [plan(slot).network for slot in range(SLOTS)]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))


def test_no_two_slots_share_a_service_address() -> None:
    ranges = [plan(slot).services for slot in range(SLOTS)]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
    assert all(services.subnet_of(IPv4Network("240.0.0.0/4")) for services in ranges)


@pytest.mark.parametrize("slot", [0, 1, SLOTS - 1])
def test_the_parts_of_a_slot_are_apart(slot: int) -> None:
    found = plan(slot)
    parts = [found.link, found.services, found.pods]
    assert all(part.subnet_of(found.network) for part in (found.link, found.pods))
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))


def test_the_addresses_of_the_first_slot() -> None:
    found = plan(0)
    assert (found.host_ip, found.node_ip) == ("198.18.0.1", "198.18.0.2")
    assert (found.api_service_ip, found.dns_ip) == ("240.0.0.1", "240.0.0.10")


@pytest.mark.parametrize(("prefix", "addresses"), [(16, 65536), (22, 1024), (28, 16)])
def test_the_service_range_is_as_large_as_it_is_asked_to_be(prefix: int, addresses: int) -> None:
    found = plan(3, Shape(service_prefix=prefix))
    assert found.services.num_addresses == addresses
    assert found.services.subnet_of(plan(3).services)
    assert all(IPv4Address(ours) in found.services for ours in (found.api_service_ip, found.dns_ip))


@pytest.mark.parametrize("prefix", [15, 29])
def test_a_service_range_that_cannot_be_is_refused(prefix: int) -> None:
    with pytest.raises(ValueError, match=f"/{prefix}"):
        plan(0, Shape(service_prefix=prefix))


def test_a_slot_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="slot 32"):
        plan(SLOTS)
