"""Which addresses a cluster has, so that clusters of several copies of the project live on one machine side by side.

Node and pods are in 198.18.0.0/15 (set aside for tests, routed nowhere) in slots of one /20 each: the link between the
machine and the node (/24) and the pods (/21). Services have a /16 for each slot, as clusters have it in earnest: a
range of 1,000 addresses is full long before anything else is. No range that is set aside for tests has room for 32 of
those, so they are in 240.0.0.0/4, which is reserved, used on no network, and works for Services (GKE offers it).
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

_ALL = IPv4Network("198.18.0.0/15")
_SLOT_PREFIX = 20
SLOTS = 2 ** (_SLOT_PREFIX - _ALL.prefixlen)
_ALL_SERVICES = IPv4Network("240.0.0.0/4")
SERVICE_PREFIX = 16
# the smallest has room for the addresses that are ours: the API server's and DNS's
SERVICE_PREFIXES = range(SERVICE_PREFIX, 29)


@dataclass(frozen=True)
class Shape:
    """What a cluster is asked to be; it keeps its shape until it is taken down."""

    service_prefix: int = SERVICE_PREFIX  # a longer one: to see what becomes of things when the range is full
    node: bool = True  # without one there is a control plane and nothing that runs a container


USUAL = Shape()


@dataclass(frozen=True)
class Plan:
    slot: int
    network: IPv4Network
    link: IPv4Network
    services: IPv4Network
    pods: IPv4Network
    shape: Shape = USUAL

    @property
    def host_ip(self) -> str:
        return str(self.link[1])

    @property
    def node_ip(self) -> str:
        return str(self.link[2])

    @property
    def api_service_ip(self) -> str:
        return str(self.services[1])

    @property
    def dns_ip(self) -> str:
        return str(self.services[10])


def plan(slot: int, shape: Shape = USUAL) -> Plan:
    if not 0 <= slot < SLOTS:
        raise ValueError(f"slot {slot} is not in 0..{SLOTS - 1}")
    if shape.service_prefix not in SERVICE_PREFIXES:
        raise ValueError(f"a Service range of /{shape.service_prefix} is not in /16../28")
    network = list(_ALL.subnets(new_prefix=_SLOT_PREFIX))[slot]
    wide = IPv4Network((int(_ALL_SERVICES.network_address) + (slot << 32 - SERVICE_PREFIX), SERVICE_PREFIX))
    return Plan(
        slot=slot,
        network=network,
        link=next(network.subnets(new_prefix=24)),
        services=next(wide.subnets(new_prefix=shape.service_prefix)),
        pods=list(network.subnets(new_prefix=21))[1],
        shape=shape,
    )
