"""Which addresses a cluster has: 198.18.0.0/15 (set aside for tests, routed nowhere) in slots of one /20 each.

A slot holds the link between the machine and the node (/24), the Services (/22) and the pods (/21), so that clusters
of several copies of the project live on one machine side by side.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

_ALL = IPv4Network("198.18.0.0/15")
_SLOT_PREFIX = 20
SLOTS = 2 ** (_SLOT_PREFIX - _ALL.prefixlen)


@dataclass(frozen=True)
class Plan:
    slot: int
    network: IPv4Network
    link: IPv4Network
    services: IPv4Network
    pods: IPv4Network

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


def plan(slot: int) -> Plan:
    if not 0 <= slot < SLOTS:
        raise ValueError(f"slot {slot} is not in 0..{SLOTS - 1}")
    network = list(_ALL.subnets(new_prefix=_SLOT_PREFIX))[slot]
    quarters = list(network.subnets(new_prefix=22))
    return Plan(
        slot=slot,
        network=network,
        link=next(quarters[0].subnets(new_prefix=24)),
        services=quarters[1],
        pods=list(network.subnets(new_prefix=21))[1],
    )
