"""The cluster's processes: what each is started with, and how each says that it works. Pure: nothing runs here."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from tools.local_cluster.configs import PACKAGES_PORT, S3_PORT
from tools.local_cluster.place import NODE_NAME, Place
from tools.local_cluster.plan import Plan, Shape

# the order in which they start
CONTROL_PLANE = ("containerd", "etcd", "apiserver", "controller-manager", "scheduler", "kubelet", "proxy", "coredns")
# of a cluster without a node; there is nothing to schedule to until KWOK, which brings nodes, brings the scheduler
WITHOUT_NODE = ("etcd", "apiserver", "controller-manager")
SERVICES = ("s3", "packages")
# what a test may stop and start to force an outage
SWITCHED = (*SERVICES, "apiserver")
# a third of the API server's time goes by collecting garbage: each may have five times what it uses, up to a GiB. Not
# where there is no node: thousands of objects that nothing runs for may come to more than that
_COLLECTS_LESS = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}


@dataclass(frozen=True)
class Component:
    name: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)


def required(shape: Shape) -> tuple[str, ...]:
    """The processes without which a cluster of this shape is none."""
    return CONTROL_PLANE if shape.node else WITHOUT_NODE


def services(shape: Shape) -> tuple[str, ...]:
    """The processes beside the cluster that pods use."""
    return SERVICES if shape.node else ()


def component(
    name: str, place: Place, plan: Plan, binaries: Path, wheelhouse: Path, s3_keys: tuple[str, str]
) -> Component:
    pki, config, state = place.pki, place.config, place.state
    node = plan.node_ip
    commands: dict[str, list[str]] = {
        "containerd": ["containerd", "--config", f"{config}/containerd.toml"],
        "etcd": [
            "etcd",
            f"--data-dir={state}/etcd",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",  # a cluster that is thrown away need not outlive a power cut
        ],
        "apiserver": [
            f"{binaries}/kube-apiserver",
            "--etcd-servers=http://127.0.0.1:2379",
            f"--service-cluster-ip-range={plan.services}",
            "--secure-port=6443",
            f"--advertise-address={node}",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--cert-dir={pki}",
            f"--service-account-key-file={pki}/service-account.key",
            f"--service-account-signing-key-file={pki}/service-account.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--kubelet-client-certificate={pki}/kubelet-client.crt",
            f"--kubelet-client-key={pki}/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",  # logs and exec: the node's name resolves nowhere
            f"--requestheader-client-ca-file={pki}/ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/front-proxy.crt",
            f"--proxy-client-key-file={pki}/front-proxy.key",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement",
            "--allow-privileged=true",
            # Debian's etcd 3.4 lacks what it takes: watches from resourceVersion 0, as KWOK's, would end at once
            "--feature-gates=WatchList=false",
            f"--audit-policy-file={config}/audit.yaml",
            f"--audit-log-path={place.audit_log}",
            "--audit-log-maxsize=500",
            "--audit-log-maxbackup=1",
        ],
        "controller-manager": [
            f"{binaries}/kube-controller-manager",
            f"--kubeconfig={pki}/controller-manager.conf",
            f"--service-account-private-key-file={pki}/service-account.key",
            f"--root-ca-file={pki}/ca.crt",
            "--use-service-account-credentials",
            *(
                ("--allocate-node-cidrs=true", f"--node-cidr-mask-size={plan.pods.prefixlen}")
                if plan.shape.node
                else ("--allocate-node-cidrs=false",)
            ),
            f"--cluster-cidr={plan.pods}",
            "--leader-elect=false",
            # at 20 calls a second, the default, EndpointSlices fall a minute behind hundreds of new objects
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--concurrent-service-endpoint-syncs=20",
            f"--cert-dir={pki}",
        ],
        "scheduler": [
            f"{binaries}/kube-scheduler",
            f"--kubeconfig={pki}/scheduler.conf",
            "--leader-elect=false",
            f"--cert-dir={pki}",
        ],
        "kubelet": [
            f"{binaries}/kubelet",
            f"--config={config}/kubelet.yaml",
            f"--kubeconfig={pki}/kubelet.conf",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={node}",
            f"--root-dir={state}/kubelet",
        ],
        "proxy": [f"{binaries}/kube-proxy", f"--config={config}/proxy.yaml"],
        "coredns": [f"{binaries}/coredns", "-conf", f"{config}/Corefile"],
        "s3": [f"{binaries}/versitygw", "--port", f"{node}:{S3_PORT}", "posix", f"{state}/s3"],
        "packages": [
            sys.executable,
            f"{Path(__file__).resolve().parent}/index_server.py",
            f"--listen={node}:{PACKAGES_PORT}",
            f"--directory={wheelhouse}",
        ],
    }
    access_key, secret_key = s3_keys
    keys = {"ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key} if name == "s3" else {}
    return Component(name, commands[name], {**(_COLLECTS_LESS if plan.shape.node else {}), **keys})
