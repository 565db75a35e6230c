"""Certificates and kubeconfigs, new for each cluster: elliptic keys, so that all of them take a moment only."""

import base64
import json
import os
from pathlib import Path

from tools.local_cluster.place import NODE_NAME, Place
from tools.local_cluster.plan import Plan
from tools.local_cluster.shell import run

_DAYS = "365"

# file name -> (organisation, common name); the organisation is the user's group in Kubernetes
_CLIENTS = {
    "admin": ("system:masters", "kubernetes-admin"),
    "local-cluster": ("system:masters", "local-cluster"),  # this tool, so that its calls are not taken for a user's
    "coredns": ("system:masters", "local-cluster-dns"),
    "kubelet-client": ("system:masters", "apiserver-kubelet-client"),
    "controller-manager": ("", "system:kube-controller-manager"),
    "scheduler": ("", "system:kube-scheduler"),
    "proxy": ("", "system:kube-proxy"),
    "front-proxy": ("", "front-proxy-client"),
}


def create(place: Place, plan: Plan) -> None:
    pki = place.pki
    pki.mkdir(parents=True, exist_ok=True)
    pki.chmod(0o700)
    _key(pki / "ca.key")
    run(
        [
            "openssl",
            "req",
            "-x509",
            "-new",
            "-key",
            pki / "ca.key",
            "-out",
            pki / "ca.crt",
            "-subj",
            "/CN=local-cluster-ca",
            "-days",
            _DAYS,
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",  # clients on CPython 3.13 ask for it
        ]
    )
    _key(pki / "service-account.key")
    names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
    ]
    addresses = ["127.0.0.1", plan.api_service_ip, plan.node_ip]
    _certificate(pki, "apiserver", "", "kube-apiserver", names, addresses)
    _certificate(pki, "kubelet", "system:nodes", f"system:node:{NODE_NAME}", [NODE_NAME], [plan.node_ip])
    for name, (organisation, common_name) in _CLIENTS.items():
        _certificate(pki, name, organisation, common_name, [], [])
    for name in ("local-cluster", "coredns", "controller-manager", "scheduler", "proxy", "kubelet"):
        (pki / f"{name}.conf").write_text(_kubeconfig(pki, name, plan))
    place.kubeconfig.touch(mode=0o600)
    place.kubeconfig.write_text(_kubeconfig(pki, "admin", plan))
    give_to_caller(place.kubeconfig)


def administrator(place: Place, plan: Plan, name: str) -> Path:
    """The kubeconfig of one more administrator, by whose name the audit log tells its calls from others'."""
    file = place.pki / f"{name}.conf"
    if not file.exists():
        _certificate(place.pki, name, "system:masters", name, [], [])
        file.write_text(_kubeconfig(place.pki, name, plan))
    return file


def give_to_caller(path: Path) -> None:
    """What the person who ran this with sudo needs to read is theirs."""
    user = os.environ.get("SUDO_UID")
    if user is not None:
        os.chown(path, int(user), -1)


def _key(path: Path) -> None:
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])


def _certificate(pki: Path, name: str, organisation: str, common_name: str, dns: list[str], ips: list[str]) -> None:
    subject = (f"/O={organisation}" if organisation else "") + f"/CN={common_name}"
    alternatives = ",".join([f"DNS:{n}" for n in dns] + [f"IP:{ip}" for ip in ips]) or f"DNS:{name}"
    extensions = pki / f"{name}.ext"
    extensions.write_text(
        f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth,clientAuth\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    _key(pki / f"{name}.key")
    request = run(["openssl", "req", "-new", "-key", pki / f"{name}.key", "-subj", subject])
    authority = f"-CA {pki}/ca.crt -CAkey {pki}/ca.key -CAcreateserial".split()
    signing = ["openssl", "x509", "-req", *authority, "-days", _DAYS, "-extfile", str(extensions)]
    run([*signing, "-out", pki / f"{name}.crt"], stdin=request)


def _kubeconfig(pki: Path, name: str, plan: Plan) -> str:
    """JSON, which is YAML too: kubectl and every client library read it."""

    def inline(file: str) -> str:
        return base64.b64encode((pki / file).read_bytes()).decode()

    server = f"https://{plan.node_ip}:6443"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": server, "certificate-authority-data": inline("ca.crt")}}],
        "users": [
            {
                "name": name,
                "user": {"client-certificate-data": inline(f"{name}.crt"), "client-key-data": inline(f"{name}.key")},
            }
        ],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": name}}],
        "current-context": "local",
    }
    return json.dumps(document, indent=1) + "\n"
