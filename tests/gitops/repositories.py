"""Git repositories on this machine, each with the Application that follows it and the namespace that it fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.bundles import cpu_bundle
from tests.gitops import argo
from tests.gitops.argo import Repository
from tools.testkit.kubectl import Manifest, get
from tools.testkit.store import Store

Keep = Callable[[str, Manifest], None]


@dataclass
class Git:
    """A repository, the Application that follows it, and the namespace that it fills."""

    repository: Repository
    namespace: str
    files: dict[str, Manifest] = field(default_factory=dict)
    head: str = ""

    @property
    def app(self) -> str:
        return self.namespace

    def push(self, files: dict[str, Any]) -> str:
        """Commit, and tell Argo CD as the Git host's webhook would."""
        self.head = self.repository.commit(files)
        self.files |= files
        self.files = {name: manifest for name, manifest in self.files.items() if manifest is not None}
        if get("application", self.app, argo.NAMESPACE):
            argo.pushed(self.app)
        return self.head


@dataclass
class Running:
    models: Git
    phases: Git
    edits: Git
    cure: Git


def version(store: Store, name: str, **more: Any) -> Manifest:
    return cpu_bundle(store, name, env=[{"name": "VERSION", "value": name}], **more)
