"""The configuration files of the components, as pure text: what is set, and why it differs from the default."""

import json
from typing import Any

from tools.local_cluster.place import Place
from tools.local_cluster.plan import Plan

PAUSE_IMAGE = "docker.io/model-bundles/pause:1"
S3_PORT = 7070
PACKAGES_PORT = 8080
DNS_PORT = 1053


def files(place: Place, plan: Plan) -> dict[str, str]:
    """File name under the configuration directory -> content."""
    return {
        "containerd.toml": containerd(place),
        "cni/10-model-bundles.conflist": _json(cni(place, plan)),
        "kubelet.yaml": _json(kubelet(place, plan)),
        "proxy.yaml": _json(proxy(place, plan)),
        "audit.yaml": _json(audit()),
        "resolv.conf": f"nameserver {plan.dns_ip}\n",
        "Corefile": corefile(place, plan),
    }


def containerd(place: Place) -> str:
    return f"""version = 2
root = "{place.state}/containerd"
state = "{place.run}/containerd"
[grpc]
  address = "{place.containerd_socket}"
[debug]
  address = "{place.run}/debug.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{place.state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # some machines refuse a negative oom_score_adj, and every sandbox with it
  restrict_oom_score_adj = true
  # so that ours can be distinguished from the machine's
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{place.run}/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{place.config}/cni"
"""


def cni(place: Place, plan: Plan) -> dict[str, Any]:
    # point-to-point links, no bridge: what goes from pod to pod through a Service is always routed, so that
    # kube-proxy's rules see it without the bridge-netfilter module
    address_management = {
        "type": "host-local",
        "dataDir": f"{place.state}/cni",
        "ranges": [[{"subnet": str(plan.pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": place.name,
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": address_management},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def kubelet(place: Place, plan: Plan) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{place.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{place.pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{place.pki}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{place.containerd_socket}",
        # else an image that was loaded is pulled again once the same one was pulled by another name
        "imagePullCredentialsVerificationPolicy": "NeverVerify",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{place.name}",
        "failCgroupV1": False,  # from 1.35 on a kubelet refuses cgroup v1 by default
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "podLogsDir": f"{place.state}/pod-logs",
        "clusterDNS": [plan.dns_ip],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{place.config}/resolv.conf",
        "oomScoreAdj": 0,
        "nodeStatusUpdateFrequency": "4s",
        # tests of healing must not wait for minutes
        "featureGates": {"KubeletCrashLoopBackOffMax": True},
        "crashLoopBackOff": {"maxContainerRestartPeriod": "10s"},
        # the disk is the developer's: images are never collected, pods are evicted only when it is really full
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def proxy(place: Place, plan: Plan) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": str(plan.pods),
        "hostnameOverride": "local",
        "oomScoreAdj": 0,
        "clientConnection": {"kubeconfig": f"{place.pki}/proxy.conf"},
        # the conntrack settings are read-only in a namespace: left alone, or kube-proxy exits
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def audit() -> dict[str, Any]:
    """Who called what, once per call, so that tests can count the calls of one user."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*"]},
            {"level": "Metadata"},
        ],
    }


def corefile(place: Place, plan: Plan) -> str:
    # there is no outside: any other name does not exist, and is said not to at once
    return f"""cluster.local:{DNS_PORT} in-addr.arpa:{DNS_PORT} {{
  bind {plan.node_ip}
  kubernetes cluster.local in-addr.arpa {{
    endpoint https://{plan.node_ip}:6443
    kubeconfig {place.pki}/coredns.conf local
    ttl 2
  }}
  cache 2
  errors
}}
.:{DNS_PORT} {{
  bind {plan.node_ip}
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""


def _json(document: dict[str, Any]) -> str:
    """JSON is YAML too, and the standard library writes it."""
    return json.dumps(document, indent=1) + "\n"
