"""Claiming a slot of the address plan: under a machine-wide lock, never one that anything on the machine uses."""

import json
from dataclasses import asdict
from ipaddress import IPv4Network

from tools.local_cluster import place as places
from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import Place
from tools.local_cluster.plan import SLOTS, USUAL, Plan, Shape, plan
from tools.local_cluster.shell import run
from tools.local_cluster.store import locked


def claim(place: Place, shape: Shape = USUAL) -> Plan:
    """The slot that this copy has, or the first free one, for a cluster of this shape."""
    with locked(places.STATE_ROOT / "slots.lock", "another copy takes an address slot"):
        if place.slot_file.exists():
            return current(place)
        taken = {slot for slot, _ in claims()}
        routed = _routed()
        for slot in range(SLOTS):
            candidate = plan(slot, shape)
            ours = (candidate.network, candidate.services)
            if slot not in taken and not any(one.overlaps(network) for one in ours for network in routed):
                place.state.mkdir(parents=True, exist_ok=True)
                partial = place.slot_file.with_suffix(".partial")
                partial.write_text(json.dumps({"slot": slot, "checkout": place.shown, "shape": asdict(shape)}))
                partial.rename(place.slot_file)
                return candidate
    owners = ", ".join(sorted(checkout for _, checkout in claims()))
    raise ClusterError(
        f"all {SLOTS} address slots of 198.18.0.0/15 and 240.0.0.0/4 are taken, by: {owners}",
        "run `python -m tools.local_cluster down` in a copy that no longer needs its cluster",
    )


def current(place: Place) -> Plan:
    """The slot that this copy has; an error when it has none."""
    try:
        kept = json.loads(place.slot_file.read_text())
    except FileNotFoundError:
        raise NotUpError(
            f"the cluster of {place.shown} is not up", "start it with `python -m tools.local_cluster up`"
        ) from None
    return plan(int(kept["slot"]), Shape(**kept.get("shape", {})))


def planned_otherwise(place: Place) -> bool:
    """Whether an older version of this tool gave the cluster its addresses."""
    return "shape" not in json.loads(place.slot_file.read_text())


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
