"""What there is of this copy's cluster, for a person and, as JSON, for a script."""

import shutil
from typing import Any

from tools.local_cluster import golang, images, processes, slots, store
from tools.local_cluster.api import Api, node_ready
from tools.local_cluster.components import CONTROL_PLANE, SERVICES, required, services
from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import NODE_NAME, Place
from tools.local_cluster.shell import run


def status(place: Place) -> dict[str, Any]:
    report: dict[str, Any] = {
        "checkout": str(place.checkout),
        "cluster": place.cluster,
        "id": place.id,
        "up": False,
        "components": _components(place, (*CONTROL_PLANE, *SERVICES)),
        "state": str(place.state),
        "stateBytes": disk(str(place.state)),
        "cache": str(store.root()),
        "cacheBytes": disk(str(store.root())),
        "diskFreeBytes": shutil.disk_usage("/var/lib").free,
    }
    try:
        plan = slots.current(place)
    except NotUpError:
        return report
    report["slot"] = plan.slot
    report["addresses"] = {"node": plan.node_ip, "pods": str(plan.pods), "services": str(plan.services)}
    found = _components(place, (*required(plan.shape), *services(plan.shape)))
    report["components"] = found
    whole = place.complete_file.exists() and all(found[name]["up"] for name in required(plan.shape))
    report["programs"] = str(golang.bin_directory())
    if not plan.shape.node:
        report["up"] = whole and Api(place, plan).ready()
        return report
    report["node"] = _node(Api(place, plan)) if found["apiserver"]["up"] else {"ready": False}
    report["images"] = {i.name: _loaded(place, i.slug) for i in images.all_images()}
    report["standIns"] = [i.name for i in images.all_images() if i.series]
    report["up"] = whole and bool(report["node"]["ready"])
    return report


def _components(place: Place, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found = {name: processes.pid_of(place, name) for name in names}
    return {name: {"up": pid is not None, "pid": pid} for name, pid in found.items()}


def text(report: dict[str, Any]) -> str:
    named = f" named {report['cluster']!r}" if report["cluster"] else ""
    lines = [f"cluster {report['id']} of {report['checkout']}{named}: {'up' if report['up'] else 'not up'}"]
    if "slot" in report:
        addresses = report["addresses"]
        networks = f"pods {addresses['pods']}, services {addresses['services']}"
        lines.append(f"  slot {report['slot']}: node {addresses['node']}, {networks}")
    if "node" in report:
        node = report["node"]
        gpus = f", {node['fakeGPUs']} fake nvidia.com/gpu" if "fakeGPUs" in node else ""
        lines.append(f"  node {NODE_NAME}: {'ready' if node['ready'] else 'not ready'}{gpus}")
    for name, found in report["components"].items():
        lines.append(f"  {name:<20}{'up, process ' + str(found['pid']) if found['up'] else 'down'}")
    for name, loaded in report.get("images", {}).items():
        stand_in = " (a STAND-IN)" if name in report["standIns"] else ""
        lines.append(f"  image {name}{stand_in}: {'loaded' if loaded else 'not loaded'}")
    sizes = {name: _human(report[f"{name}Bytes"]) for name in ("state", "cache", "diskFree")}
    lines.append(f"  disk: state {sizes['state']}, cache {sizes['cache']}, free {sizes['diskFree']}")
    return "\n".join(lines)


def disk(directory: str) -> int:
    """Bytes on disk; what a running cluster mounts within is left out."""
    try:
        return int(run(["du", "--summarize", "--one-file-system", "--block-size=1", directory]).split()[0])
    except (ClusterError, IndexError):  # not there, or files vanished while du looked
        return 0


def _node(api: Api) -> dict[str, Any]:
    try:
        node = api.get(f"/api/v1/nodes/{NODE_NAME}")
    except (OSError, ClusterError):
        return {"ready": False}
    version = node["status"].get("nodeInfo", {}).get("kubeletVersion", "")
    gpus = node["status"].get("allocatable", {}).get("nvidia.com/gpu", "0")
    return {"ready": node_ready(node), "version": version, "fakeGPUs": gpus}


def _loaded(place: Place, slug: str) -> bool:
    return (place.state / "loaded" / slug).exists()


def _human(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
