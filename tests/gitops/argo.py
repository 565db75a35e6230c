"""What a user of Argo CD does: commits, Applications, and looking at what it says of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.gitops.health_data import ARGOCD
from tools.local_cluster import argocd
from tools.testkit.kubectl import KubectlError, Manifest, apply, get, kubectl, wait_for
from tools.testkit.page_blocks import blocks

NAMESPACE = "argocd"
EXAMPLES = ARGOCD.parent.parent / "examples" / "argocd"
CLUSTER = "https://kubernetes.default.svc"
_REFRESH = "argocd.argoproj.io/refresh"


@dataclass(frozen=True)
class Repository:
    """A Git repository on this machine."""

    directory: Path

    @classmethod
    def new(cls, directory: Path) -> Repository:
        directory.mkdir(parents=True)
        repository = cls(directory)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    @property
    def url(self) -> str:
        return f"file://{self.directory}"

    def commit(self, files: Mapping[str, Manifest | str | None]) -> str:
        """Write manifests (or text) to files, remove those that are None, and return the commit."""
        for name, content in files.items():
            file = self.directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
        self.git("add", "--all")
        self.git("-c", "user.name=tests", "-c", "user.email=tests@localhost", "commit", "--quiet", "-m", "change")
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.directory, check=True, capture_output=True, text=True)
        return done.stdout


def application(name: str, repository: Repository, namespace: str, *options: str, **source: Any) -> Manifest:
    """An Application that syncs automatically, prunes and heals, from all manifests of the repository."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "project": "default",
            "source": {"repoURL": repository.url, "targetRevision": "main", "path": ".", **source},
            "destination": {"server": CLUSTER, "namespace": namespace},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": list(options)},
        },
    }


def pushed(*applications: str) -> None:
    """What a webhook of the Git host does after a push."""
    kubectl("annotate", "application", *applications, f"{_REFRESH}=normal", "--overwrite", namespace=NAMESPACE)


def compared_anew(name: str, *, server_side: bool) -> Manifest:
    """The Application after a comparison from scratch, by the three-way or by the server-side diff."""
    mode = f"argocd.argoproj.io/compare-options=ServerSideDiff={'true' if server_side else 'false'}"
    kubectl("annotate", "application", name, mode, f"{_REFRESH}=hard", "--overwrite", namespace=NAMESPACE)
    return wait_app(name, "to be compared again", _is_compared)


def looked_at(name: str) -> Manifest:
    """The Application with today's messages: unasked Argo CD writes it again when a status changes, not a message."""
    pushed(name)
    return wait_app(name, "to be looked at", _is_compared)


def _is_compared(app: Manifest) -> bool:
    """Argo CD takes the wish away in the write that has the outcome."""
    return _REFRESH not in app["metadata"].get("annotations", {})


def wait_app(name: str, what: str, look: Callable[[Manifest], bool], timeout: float = 300) -> Manifest:
    """The Application, once `look` says so."""

    def found() -> Manifest | None:
        app = get("application", name, NAMESPACE)
        return app if app and app.get("status") and look(app) else None

    return wait_for(f"Application {name} {what}", found, timeout, lambda: explain(name))


def wait_in_sync(name: str, commit: str, timeout: float = 300) -> Manifest:
    """Everything of this commit is applied and healthy, and the sync has ended."""

    def look(app: Manifest) -> bool:
        sync, operation = app["status"].get("sync", {}), app["status"].get("operationState", {})
        done = (sync.get("status"), sync.get("revision"), health(app), operation.get("phase"))
        return done == ("Synced", commit, "Healthy", "Succeeded") and synced_to(app) == commit

    return wait_app(name, f"to be in sync with {commit[:7]} and Healthy", look, timeout)


def health(app: Manifest) -> str:
    return str((app["status"].get("health") or {}).get("status"))


def operation(app: Manifest) -> Manifest:
    """How the last sync stands."""
    return dict(app["status"].get("operationState") or {})


def synced_to(app: Manifest) -> str:
    """The commit of the last sync, ended or not."""
    return str((operation(app).get("syncResult") or {}).get("revision"))


def resources(app: Manifest) -> dict[tuple[str, str], Manifest]:
    """What Argo CD says of each object that is in Git: {(kind, name): {status, health, ...}}."""
    return {(found["kind"], found["name"]): found for found in app["status"].get("resources", [])}


def results(app: Manifest) -> dict[tuple[str, str], Manifest]:
    """What the last sync did to each object: {(kind, name): {status, message, ...}}."""
    done = operation(app).get("syncResult") or {}
    return {(found["kind"], found["name"]): found for found in done.get("resources", [])}


def start(*applications: Manifest) -> None:
    apply(*applications)


def forget(*names: str) -> None:
    """Delete Applications and leave what they manage."""
    kubectl("delete", "application", *names, "--ignore-not-found", "--cascade=orphan", namespace=NAMESPACE)


def disown(*managed: Manifest) -> None:
    """Leave no trace of Argo CD on objects that it took over, so that Helm does not meet another owner's fields."""
    for found in managed:
        kind = f"{found['kind']}.{found['version']}.{found['group']}" if found.get("group") else found["kind"]
        where = found.get("namespace", "")
        printed = kubectl("get", kind, found["name"], "-o", "json", "--show-managed-fields", namespace=where)
        fields = json.loads(printed)["metadata"]["managedFields"]
        kept = [entry for entry in fields if entry["manager"] != "argocd-controller"]
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": kept}]
        kubectl("patch", kind, found["name"], "--type=json", "-p", json.dumps(patch), namespace=where)
        notes = ("argocd.argoproj.io/tracking-id-", "kubectl.kubernetes.io/last-applied-configuration-")
        kubectl("annotate", kind, found["name"], *notes, namespace=where)


def explain(name: str) -> str:
    try:
        app = get("application", name, NAMESPACE) or {}
    except KubectlError as error:
        return str(error)
    status = app.get("status", {})
    keys = ("conditions", "health", "sync", "operationState", "resources")
    return json.dumps({key: status.get(key) for key in keys}, indent=1)[:6000]


def example(file: Path, name: str, repository: Repository, namespace: str) -> Manifest:
    """An Application of examples/argocd for a repository of this machine; nothing else of it is changed."""
    found: Manifest = yaml.safe_load(file.read_text())
    found["metadata"]["name"] = name
    found["spec"]["source"]["repoURL"] = repository.url
    found["spec"]["destination"]["namespace"] = namespace
    return found


def ignore_replicas(app: Manifest) -> None:
    """As docs/how-to/autoscaling.md says it, where Git names the number of replicas and an autoscaler changes it."""
    (page,) = (
        yaml.safe_load(block.text)["spec"]
        for block in blocks()
        if block.page.name == "autoscaling.md" and "ignoreDifferences" in block.text
    )
    app["spec"]["ignoreDifferences"] = page["ignoreDifferences"]
    app["spec"]["syncPolicy"]["syncOptions"] += page["syncPolicy"]["syncOptions"]


def health_of(file: Path) -> dict[str, str]:
    """What Argo CD's own Lua makes of an object in a file, by the settings that the product ships."""
    command = [argocd.directory() / "argocd-health", file, ARGOCD / "argocd-cm.yaml"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    status, _, message = printed.removeprefix("STATUS: ").partition("\nMESSAGE: ")
    return {"status": status, "message": message.removesuffix("\n")}
