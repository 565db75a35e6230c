"""The cluster's network: one namespace, one veth pair, three routes. The machine's firewall is never touched."""

from pathlib import Path

from tools.local_cluster.place import Place
from tools.local_cluster.plan import Plan
from tools.local_cluster.shell import run, succeeds


def create(place: Place, plan: Plan) -> None:
    run(["ip", "netns", "add", place.name])
    run(["ip", "link", "add", place.name, "type", "veth", "peer", "name", "eth0", "netns", place.name])
    run(["ip", "address", "add", f"{plan.host_ip}/{plan.link.prefixlen}", "dev", place.name])
    run(["ip", "link", "set", place.name, "up"])
    inside = ["nsenter", f"--net={place.netns}"]
    run([*inside, "ip", "link", "set", "lo", "up"])
    run([*inside, "ip", "address", "add", f"{plan.node_ip}/{plan.link.prefixlen}", "dev", "eth0"])
    run([*inside, "ip", "link", "set", "eth0", "up"])
    # There is no way out, and an attempt is refused at once. Services need some route, for packets of the node itself
    # look for one before kube-proxy's rules rewrite them.
    run([*inside, "ip", "route", "add", "unreachable", "default"])
    run([*inside, "ip", "route", "add", str(plan.services), "via", plan.host_ip])
    run([*inside, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])
    for network in (plan.pods, plan.services):
        run(["ip", "route", "add", str(network), "via", plan.node_ip, "dev", place.name])
    status = place.netns.stat()
    (place.state / "netns").write_text(f"{status.st_dev} {status.st_ino}")


def remove(place: Place) -> None:
    """Links and routes go with the namespace; the name may also be a mere file, left over by a restart."""
    succeeds(["ip", "netns", "delete", place.name])
    place.netns.unlink(missing_ok=True)
    if Path(f"/sys/class/net/{place.name}").exists():
        succeeds(["ip", "link", "delete", place.name])


def namespace_ids(place: Place) -> set[tuple[int, int]]:
    """What /proc/PID/ns/net is for our processes: by the namespace's name, and as noted should the name be lost."""
    own = _identity(Path("/proc/self/ns/net"))
    first = _identity(Path("/proc/1/ns/net"))
    found = {_identity(place.netns)}
    noted = place.state / "netns"
    if noted.exists():
        device, inode = noted.read_text().split()
        found.add((int(device), int(inode)))
    return {identity for identity in found if identity is not None} - {i for i in (own, first) if i is not None}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
