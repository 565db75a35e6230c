"""Argo CD on the local cluster, for the GitOps tests and to try things: `python -m tools.local_cluster start argocd`.

Its application controller, its repository server and a Redis run as processes beside the control plane. There is no
user interface and no API server of its own: Applications are made by kubectl, and Git repositories are directories of
this machine (`file:///path/to/repository`). One binary is both parts, and the name that it is started by picks one
(argo-cd/main.go); as argocd-health it says what Argo CD makes of an object in a file. It is built when it is first
asked for, not with the cluster's own programs.
"""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from tools.local_cluster import debian, golang, pki, processes, store, versions
from tools.local_cluster.api import Api
from tools.local_cluster.components import Component
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import Place
from tools.local_cluster.plan import Plan
from tools.local_cluster.progress import say, step
from tools.local_cluster.shell import run

# the order in which they start, and where each takes connections
COMPONENTS = {"redis": 6379, "argocd-repo-server": 8081, "argocd-application-controller": 8082}
NAMESPACE = "argocd"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ESTABLISHED_SECONDS = 60.0

_MODULE = Path(__file__).resolve().parent / "argo-cd"
_PACKAGE = "github.com/argoproj/argo-cd/v3"
# files of its source that are needed beside the binary -> where they go
_FILES = {
    "manifests/crds/application-crd.yaml": "crds/application.yaml",
    "manifests/crds/appproject-crd.yaml": "crds/appproject.yaml",
    "hack/git-verify-wrapper.sh": "git-verify-wrapper.sh",  # called for every commit, whether signed or not
}


def directory() -> Path:
    """Where the binary is or will be, under the names of its parts, with the CRDs of its version beside it."""
    key = store.fingerprint([*golang.FLAGS, *store.tree_parts(_MODULE, [file.name for file in _MODULE.iterdir()])])
    return store.root() / "argocd" / f"{versions.ARGOCD}-{key}"


def build() -> Path:
    """Build Argo CD where the machine's cache lacks it; 3 minutes on two cores."""
    debian.install_missing({"redis-server": "redis-server", "git": "git"})
    made = directory()
    if made.is_dir():
        return made
    with store.locked(store.root() / "argocd" / "lock", "it builds Argo CD"):
        store.sweep(store.root() / "argocd")
        if not made.is_dir():
            _build(made)
    return made


def start(place: Place, plan: Plan) -> None:
    """Start what of it does not run, and make the objects that it is configured by."""
    made = build()
    administrator = pki.administrator(place, plan, "argocd")
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=local-cluster", "-f")
    _kubectl(administrator, *apply, str(made / "crds"))
    _wait_established(Api(place, plan))
    _kubectl(administrator, *apply, "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects()}))
    (place.state / "argocd").mkdir(exist_ok=True)
    for name in COMPONENTS:
        if processes.pid_of(place, name) is None:
            found = component(name, place, plan, made, administrator)
            processes.start(place, name, found.argv, found.env)


def stop(place: Place) -> None:
    for name in reversed(COMPONENTS):
        processes.stop(place, name)


def component(name: str, place: Place, plan: Plan, made: Path, kubeconfig: Path) -> Component:
    """What one of its processes is started with; pure."""
    node, files = plan.node_ip, place.state / "argocd"
    redis = f"{node}:{COMPONENTS['redis']}"
    commands = {
        "redis": [
            "redis-server",
            *("--bind", node),
            *("--port", str(COMPONENTS["redis"])),
            *("--protected-mode", "no"),  # only this machine and the pods of this cluster reach the address
            *("--save", ""),
        ],
        "argocd-repo-server": [
            f"{made}/argocd-repo-server",
            f"--address={node}",
            f"--metrics-address={node}",
            f"--redis={redis}",
            "--disable-tls",
            "--client-ca-path=",
            "--logformat=text",
        ],
        "argocd-application-controller": [
            f"{made}/argocd-application-controller",
            f"--kubeconfig={kubeconfig}",
            f"--namespace={NAMESPACE}",
            f"--redis={redis}",
            f"--repo-server={node}:{COMPONENTS['argocd-repo-server']}",
            "--repo-server-plaintext",
            "--persist-resource-health",  # as there is no API server of Argo CD to ask for it
            "--logformat=text",
        ],
    }
    environment = {
        "KUBECONFIG": str(kubeconfig),
        "ARGOCD_FAKE_IN_CLUSTER": "true",  # https://kubernetes.default.svc is the cluster of KUBECONFIG
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_ASK_PASS_SOCK": f"{place.run}/argocd-ask-pass.sock",
        "TMPDIR": str(files),
        "HOME": str(files),
        "PATH": f"{made}:{golang.bin_directory()}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    return Component(name, commands[name], environment if name != "redis" else {})


def objects() -> list[dict[str, Any]]:
    """What Argo CD's own installation would have made for these two parts; pure."""
    part_of = {"app.kubernetes.io/part-of": "argocd"}

    def made(kind: str, name: str, **more: Any) -> dict[str, Any]:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": part_of}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}

    everything: dict[str, Any] = {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        made("ConfigMap", "argocd-cm"),
        made("ConfigMap", "argocd-rbac-cm"),
        made("Secret", "argocd-secret", stringData={"server.secretkey": "there is no server to sign in to"}),
        {**made("AppProject", "default", spec=everything), "apiVersion": "argoproj.io/v1alpha1"},
    ]


def _kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None) -> None:
    run([golang.bin_directory() / "kubectl", f"--kubeconfig={kubeconfig}", *arguments], stdin=stdin)


def _wait_established(api: Api) -> None:
    """Not by `kubectl wait`: for a moment a new CRD has no conditions at all, and that is an error there."""
    deadline = time.monotonic() + _ESTABLISHED_SECONDS
    while not all(_established(crd) for crd in api.get(_CRDS)["items"]):
        if time.monotonic() > deadline:
            raise ClusterError(f"not every CRD is established after {_ESTABLISHED_SECONDS:g} s")
        time.sleep(0.2)


def _established(crd: dict[str, Any]) -> bool:
    conditions = crd["status"].get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _build(made: Path) -> None:
    go = golang.compiler()
    say(f"to build, once on this machine: Argo CD {versions.ARGOCD}")
    with store.making(made) as scratch, step(f"building Argo CD {versions.ARGOCD}", "3 min"):
        (scratch / "new" / "crds").mkdir(parents=True)
        flags = f"{golang.STRIPPED} -X {_PACKAGE}/common.version={versions.ARGOCD[1:]}"
        golang.build(go, _MODULE, ["."], flags, f"{scratch}/new/argocd")
        for name in ("argocd-repo-server", "argocd-application-controller", "argocd-health"):
            (scratch / "new" / name).symlink_to("argocd")
        source = run([go, "list", "-m", "-f", "{{.Dir}}", _PACKAGE], env=golang.ENVIRONMENT, cwd=_MODULE).strip()
        for name, target in _FILES.items():
            shutil.copy(Path(source, name), scratch / "new" / target)
        (scratch / "new" / "git-verify-wrapper.sh").chmod(0o755)
