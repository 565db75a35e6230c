"""Where the cluster of this copy of the project lives: each checkout has its own, named after the checkout's path.

A checkout may have more than one: what wants a cluster of another shape, or for itself, names one (`--cluster NAME`,
or LOCAL_CLUSTER=NAME for all that a process starts).
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

STATE_ROOT = Path("/var/lib/model-bundles")
RUN_ROOT = Path("/run/model-bundles")
NODE_NAME = "local"


@dataclass(frozen=True)
class Place:
    checkout: Path
    id: str
    cluster: str = ""  # empty: the one that `make cluster` starts

    @property
    def name(self) -> str:
        """Name of the network namespace, of the veth and of the cgroup."""
        return f"mb-{self.id}"

    @property
    def shown(self) -> str:
        """What a person calls it."""
        return f"{self.checkout} named {self.cluster!r}" if self.cluster else str(self.checkout)

    @property
    def state(self) -> Path:
        return STATE_ROOT / self.id

    @property
    def run(self) -> Path:
        return RUN_ROOT / self.id

    @property
    def netns(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def config(self) -> Path:
        return self.state / "etc"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.state / "audit.log"

    @property
    def slot_file(self) -> Path:
        """Which slot is ours; as long as it is there, no other copy takes the slot."""
        return self.state / "slot.json"

    @property
    def complete_file(self) -> Path:
        """Written last by `up`: without it whatever is there is half a cluster."""
        return self.state / "complete"

    @property
    def lock(self) -> Path:
        return RUN_ROOT / f"{self.id}.lock"


def here(cluster: str | None = None) -> Place:
    """That of this name; without a name, that of LOCAL_CLUSTER."""
    named = os.environ.get("LOCAL_CLUSTER", "") if cluster is None else cluster
    return of_checkout(Path(__file__).resolve().parent.parent.parent, named)


def of_checkout(checkout: Path, cluster: str = "") -> Place:
    named = f"{checkout}\n{cluster}" if cluster else str(checkout)
    return Place(checkout=checkout, id=hashlib.sha256(named.encode()).hexdigest()[:8], cluster=cluster)
