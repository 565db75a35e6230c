"""KWOK on the local cluster: nodes and pods that are fake: `python -m tools.local_cluster start kwok`.

It makes thousands of pods Ready that no machine could run, for what is measured of the operator and of the control
plane: no container starts, nothing answers. kube-scheduler binds the pods to its nodes as to any other; where the
cluster has no node of its own the scheduler starts with it. What pods say as they become Ready (stages.yaml) is what
those of a bundle would say: an init container that ends leaves a report. Built when first asked for, as Argo CD is.
"""

from pathlib import Path
from typing import Any

from tools.local_cluster import golang, pki, processes, store, versions
from tools.local_cluster.api import Api
from tools.local_cluster.components import Component
from tools.local_cluster.place import Place
from tools.local_cluster.plan import Plan
from tools.local_cluster.progress import say, step

NAME = "kwok"
PORT = 10247
NODES = 10
PODS_OF_A_NODE = 1000
# only nodes that carry it are KWOK's: a kubelet's are left alone
ANNOTATION = "kwok.x-k8s.io/node"

_MODULE = Path(__file__).resolve().parent / "kwok"
_SOURCES = ("go.mod", "go.sum")
_PACKAGE = "sigs.k8s.io/kwok/cmd/kwok"
_STAGES = _MODULE / "stages.yaml"


def binary() -> Path:
    """Where it is or will be."""
    key = store.fingerprint([*golang.FLAGS, *store.tree_parts(_MODULE, _SOURCES)])
    return store.root() / "kwok" / f"{versions.KWOK}-{key}" / "kwok"


def build() -> Path:
    """Build KWOK where the machine's cache lacks it; 2 minutes on two cores."""
    made = binary()
    if made.exists():
        return made
    with store.locked(store.root() / "kwok" / "lock", "it builds KWOK"):
        store.sweep(store.root() / "kwok")
        if not made.exists():
            go = golang.compiler()
            say(f"to build, once on this machine: KWOK {versions.KWOK}")
            with store.making(made.parent) as scratch, step(f"building KWOK {versions.KWOK}", "2 min"):
                (scratch / "new").mkdir()
                golang.build(go, _MODULE, [_PACKAGE], golang.STRIPPED, f"{scratch}/new/kwok")
    return made


def start(place: Place, plan: Plan) -> None:
    """Start it with its nodes, and with the scheduler where there is none."""
    made = component(place, plan, build(), pki.administrator(place, plan, NAME))
    api = Api(place, plan)
    for node in nodes():
        api.apply("/api/v1/nodes", node)
    if not plan.shape.node and processes.pid_of(place, "scheduler") is None:
        processes.start(place, "scheduler", scheduler(place))
    if processes.pid_of(place, NAME) is None:
        processes.start(place, NAME, made.argv, made.env)


def stop(place: Place, plan: Plan) -> None:
    processes.stop(place, NAME)
    if not plan.shape.node:
        processes.stop(place, "scheduler")


def component(place: Place, plan: Plan, made: Path, kubeconfig: Path) -> Component:
    """What it is started with; pure."""
    argv = [
        str(made),
        f"--kubeconfig={kubeconfig}",
        f"--config={_STAGES}",
        f"--manage-nodes-with-annotation-selector={ANNOTATION}=fake",
        f"--server-address={plan.node_ip}:{PORT}",
        f"--node-ip={plan.node_ip}",
        f"--cidr={plan.pods}",
        "--node-lease-duration-seconds=40",
    ]
    return Component(NAME, argv, {"HOME": str(place.state)})


def scheduler(place: Place) -> list[str]:
    """As it runs beside a kubelet, but with the calls that thousands of pods take."""
    return [
        f"{golang.bin_directory()}/kube-scheduler",
        f"--kubeconfig={place.pki}/scheduler.conf",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        f"--cert-dir={place.pki}",
    ]


def nodes() -> list[dict[str, Any]]:
    """The fake nodes; pure."""
    room = {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "100Ti", "pods": str(PODS_OF_A_NODE)}
    room["nvidia.com/gpu"] = "1000"

    def node(number: int) -> dict[str, Any]:
        name = f"kwok-{number}"
        labels = {"kubernetes.io/hostname": name, "type": "kwok"}
        metadata = {"name": name, "labels": labels, "annotations": {ANNOTATION: "fake"}}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": metadata,
            "status": {"capacity": room, "allocatable": room},
        }

    return [node(number) for number in range(NODES)]
