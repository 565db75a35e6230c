"""Claiming a slot of the address plan: under a machine-wide lock, never one that anything on the machine uses."""

import json
from ipaddress import IPv4Network

from tools.local_cluster import place as places
from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import Place
from tools.local_cluster.plan import SLOTS, Plan, plan
from tools.local_cluster.shell import run
from tools.local_cluster.store import locked


def claim(place: Place) -> Plan:
    """The slot that this copy has, or the first free one."""
    with locked(places.STATE_ROOT / "slots.lock", "another copy takes an address slot"):
        if place.slot_file.exists():
            return current(place)
        taken = {slot for slot, _ in claims()}
        routed = _routed()
        for slot in range(SLOTS):
            candidate = plan(slot)
            if slot not in taken and not any(candidate.network.overlaps(network) for network in routed):
                place.state.mkdir(parents=True, exist_ok=True)
                partial = place.slot_file.with_suffix(".partial")
                partial.write_text(json.dumps({"slot": slot, "checkout": str(place.checkout)}))
                partial.rename(place.slot_file)
                return candidate
    owners = ", ".join(sorted(checkout for _, checkout in claims()))
    raise ClusterError(
        f"all {SLOTS} address slots of 198.18.0.0/15 are taken, by: {owners}",
        "run `python -m tools.local_cluster down` in a copy that no longer needs its cluster",
    )


def current(place: Place) -> Plan:
    """The slot that this copy has; an error when it has none."""
    try:
        return plan(int(json.loads(place.slot_file.read_text())["slot"]))
    except FileNotFoundError:
        raise NotUpError(
            f"the cluster of {place.checkout} is not up", "start it with `python -m tools.local_cluster up`"
        ) from None


def claims() -> list[tuple[int, str]]:
    """(slot, checkout) of every copy on this machine that has one."""
    found = []
    for path in places.STATE_ROOT.glob("*/slot.json"):
        data = json.loads(path.read_text())
        found.append((int(data["slot"]), str(data["checkout"])))
    return found


def _routed() -> list[IPv4Network]:
    """What the machine already has a route to: another program may use the test range too."""
    routes = json.loads(run(["ip", "-4", "-j", "route", "show", "table", "all"]) or "[]")
    found = []
    for route in routes:
        destination = str(route.get("dst", "default"))
        if destination != "default":
            found.append(IPv4Network(destination, strict=False))
    return [network for network in found if network.prefixlen >= 8]
