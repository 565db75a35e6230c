"""What comes from the machine's own package manager: installed only when missing."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.local_cluster.errors import ClusterError
from tools.local_cluster.progress import step
from tools.local_cluster.shell import run, succeeds

# package -> a file or command that shows it is there
NEEDED = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "etcd-server": "etcd",
    "iptables": "iptables",
    "iproute2": "ip",
    "conntrack": "conntrack",
    "ethtool": "ethtool",
    "socat": "socat",
    "util-linux": "nsenter",
    "openssl": "openssl",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
}
_NO_SERVICES = "#!/bin/sh\n# while the local cluster installs its packages\nexit 101\n"
_SYSTEM_PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def install_missing(needed: Mapping[str, str] = NEEDED) -> None:
    """Packages by the file or command that shows that they are there."""
    missing = [package for package, sign in needed.items() if not _there(sign)]
    if not succeeds([*pip_command(), "--version"]):
        missing += ["python3-pip", "python3-venv"]
    if not missing:
        return
    if not _there("apt-get"):
        raise ClusterError(
            f"missing on this machine: {', '.join(missing)}",
            "the local cluster can install them on Debian and Ubuntu only; here, install them by hand",
        )
    with step(f"installing {' '.join(missing)}", "20 s"), _no_services_started():
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], env=environment, remedy="apt-get must reach a Debian or Ubuntu mirror")
        run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], env=environment)


def pip_command() -> list[str]:
    return [sys.executable, "-m", "pip"]


def _there(sign: str) -> bool:
    if sign.startswith("/"):
        return Path(sign).exists()
    return shutil.which(sign, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}") is not None


@contextmanager
def _no_services_started() -> Iterator[None]:
    """etcd and containerd are wanted as programs: the packages' own services must not start on the machine."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists() and policy.read_text() != _NO_SERVICES:
        yield
        return
    policy.write_text(_NO_SERVICES)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)
