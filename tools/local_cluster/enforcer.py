"""What enforces NetworkPolicies on the local cluster: `python -m tools.local_cluster start enforcer`.

The cluster's own network enforces none. kube-network-policies asks about the first packet of each connection, which
the kernel hands to it in a queue. Its own rules for that are nftables rules of a kind that some kernels are built
without (CONFIG_NFT_QUEUE), and they see only what passes through a node. Here two rules of iptables fill the queue, of
the kind that kube-proxy's are: one for what passes through the node, and one for what pods send to the node itself,
where this cluster has its API server, store, package index and DNS. What is let through is the program's to say.
It is built when first asked for, as Argo CD is.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from tools.local_cluster import golang, pki, processes, store, versions
from tools.local_cluster.components import Component
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import NODE_NAME, Place
from tools.local_cluster.plan import Plan
from tools.local_cluster.progress import say, step
from tools.local_cluster.shell import run, succeeds

NAME = "enforcer"
QUEUE = 100

_MODULE = Path(__file__).resolve().parent / "enforcer"
_SECONDS = 60.0
_IPTABLES = ("iptables", "--wait", "--table", "mangle")


def lacks() -> str:
    """What this machine's kernel lacks for it; empty when it can. Asked in a network of the question's own."""
    if succeeds(["unshare", "--net", *_IPTABLES, "--append", "FORWARD", *_to_the_queue()]):
        return ""
    return "the kernel cannot hand packets to a program (CONFIG_NETFILTER_XT_TARGET_NFQUEUE)"


def build() -> Path:
    """Build it where the machine's cache lacks it; most of it is compiled already, for the cluster's programs."""
    key = store.fingerprint([*golang.FLAGS, *store.tree_parts(_MODULE, [file.name for file in _MODULE.iterdir()])])
    made = store.root() / "enforcer" / f"{versions.NETWORK_POLICIES}-{key}" / "enforcer"
    if made.exists():
        return made
    with store.locked(store.root() / "enforcer" / "lock", "it builds kube-network-policies"):
        store.sweep(store.root() / "enforcer")
        if not made.exists():
            go = golang.compiler()
            what = f"kube-network-policies {versions.NETWORK_POLICIES}"
            say(f"to build, once on this machine: {what}")
            with store.making(made.parent) as scratch, step(f"building {what}", "30 s"):
                (scratch / "new").mkdir()
                golang.build(go, _MODULE, ["."], golang.STRIPPED, f"{scratch}/new/enforcer")
    return made


def start(place: Place, plan: Plan) -> None:
    if why := lacks():
        raise ClusterError(f"NetworkPolicies cannot be enforced here: {why}")
    made = component(build(), pki.administrator(place, plan, NAME))
    if processes.pid_of(place, NAME) is None:
        processes.start(place, NAME, made.argv, made.env)
    _wait_for_queue(place)
    for rule in rules(plan):  # not before somebody empties the queue: what nobody decides about is dropped
        if not succeeds(_inside(place, "--check", rule)):
            run(_inside(place, "--append", rule))


def stop(place: Place, plan: Plan) -> None:
    for rule in rules(plan):
        if succeeds(_inside(place, "--check", rule)):
            run(_inside(place, "--delete", rule))
    processes.stop(place, NAME)


def component(made: Path, kubeconfig: Path) -> Component:
    """What it is started with; pure."""
    return Component(NAME, [str(made), f"--kubeconfig={kubeconfig}", f"--node={NODE_NAME}", f"--queue={QUEUE}"])


def rules(plan: Plan) -> list[list[str]]:
    """What fills the queue; pure. Both come after kube-proxy has put a pod's address in place of a Service's.

    The node's own processes are root's, as the kubelet with its probes, and are let through, as a NetworkPolicy never
    keeps them out. A packet that passes through the node has no owner here.
    """
    first = ["--match", "conntrack", "!", "--ctstate", "ESTABLISHED,RELATED"]
    return [
        ["POSTROUTING", *first, "--match", "owner", "!", "--uid-owner", "0", *_to_the_queue()],
        ["INPUT", "--source", str(plan.pods), *first, *_to_the_queue()],
    ]


def _to_the_queue() -> list[str]:
    return ["--jump", "NFQUEUE", "--queue-num", str(QUEUE)]


def _inside(place: Place, verb: str, rule: Sequence[str]) -> list[str]:
    return ["nsenter", f"--net={place.netns}", *_IPTABLES, verb, *rule]


def _wait_for_queue(place: Place) -> None:
    """It takes the queue once it knows all pods and policies."""
    deadline = time.monotonic() + _SECONDS
    while not _taken(run(["nsenter", f"--net={place.netns}", "cat", "/proc/net/netfilter/nfnetlink_queue"])):
        if processes.ended(place, NAME) or time.monotonic() > deadline:
            raise ClusterError(f"{NAME} takes no packets:\n{processes.log_tail(place, NAME)}")
        time.sleep(0.1)


def _taken(queues: str) -> bool:
    return any(line.split()[0] == str(QUEUE) for line in queues.splitlines() if line.strip())
