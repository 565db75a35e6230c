"""What may be tried with the operator's token: a table. Each has the words that its refusal must have."""

from __future__ import annotations

from collections.abc import Iterator

from tests.cluster.operator_requests import (
    BUNDLE,
    GONE,
    LABEL,
    OWN_NAMESPACE,
    OWNER,
    PATHS,
    POD,
    TENANTS,
    WORKER,
    Attempt,
    Children,
    Edit,
    apply,
    create,
    edited,
    event,
    labelled,
    lease,
    path_of,
    put,
    volume,
)  # fmt: skip
from tests.cluster.raw_api import MERGE

# of a pod template: what is tried, the words of its refusal, and what makes a harmless template such a one
PODS: list[tuple[str, str, tuple[Edit, ...]]] = [
    ("the account's token", "get no token", ((f"{POD}/automountServiceAccountToken", True),)),
    ("the account's token by default", "get no token", ((f"{POD}/automountServiceAccountToken", GONE),)),
    ("a token by a projected volume", "volumes of the types",
     (volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),)),
    ("the node's disk", "volumes of the types", (volume(hostPath={"path": "/"}),)),
    ("a volume of a server in the network", "volumes of the types",
     (volume(nfs={"server": "10.0.0.1", "path": "/"}),)),
    ("a volume of a driver", "volumes of the types", (volume(csi={"driver": "secrets-store.csi.k8s.io"}),)),
    ("the node's network", "share no namespace of the node", ((f"{POD}/hostNetwork", True),)),
    ("the node's processes", "share no namespace of the node", ((f"{POD}/hostPID", True),)),
    ("the node's memory", "share no namespace of the node", ((f"{POD}/hostIPC", True),)),
    ("a port of the node", "take no port of the node", ((f"{WORKER}/ports", [{"containerPort": 9, "hostPort": 9}]),)),
    ("a port of the node for a container that only starts", "take no port of the node",
     ((f"{POD}/initContainers/0/ports", [{"containerPort": 9, "hostPort": 9}]),)),
    ("a privileged container", "without privilege",
     ((f"{WORKER}/securityContext/privileged", True), (f"{WORKER}/securityContext/allowPrivilegeEscalation", True))),
    ("a privileged container that only starts", "without privilege",
     ((f"{POD}/initContainers/-", {"name": "root", "image": "x", "securityContext": {"privileged": True}}),)),
    ("a container beside it, of no word", "without privilege",
     ((f"{POD}/containers/-", {"name": "more", "image": "x"}),)),
    ("setuid programs", "without privilege", ((f"{WORKER}/securityContext/allowPrivilegeEscalation", True),)),
    ("root", "without privilege",
     ((f"{WORKER}/securityContext/runAsNonRoot", False), (f"{WORKER}/securityContext/runAsUser", 0))),
    ("a capability", "drops all capabilities and adds none",
     ((f"{WORKER}/securityContext/capabilities/add", ["NET_RAW"]),)),
    ("the usual capabilities", "drops all capabilities and adds none",
     ((f"{WORKER}/securityContext/capabilities", GONE),)),
    ("every system call", "the container runtime's own walls", ((f"{POD}/securityContext/seccompProfile", GONE),)),
    ("every system call, for one container", "the container runtime's own walls",
     ((f"{WORKER}/securityContext/seccompProfile", {"type": "Unconfined"}),)),
    ("SELinux options", "the container runtime's own walls",
     ((f"{WORKER}/securityContext/seLinuxOptions", {"type": "spc_t"}),)),
    ("no AppArmor", "the container runtime's own walls",
     ((f"spec/template/metadata/annotations/{labelled('container.apparmor.security.beta.kubernetes.io/worker')}",
       "unconfined"),)),
]  # fmt: skip


def escalations(children: Children) -> Iterator[Attempt]:
    """Within the kinds and verbs of the operator's role."""
    yield from _places(children)
    yield from _owners(children)
    yield from _others(children)
    yield from _services(children)
    yield from _budgets(children)
    deployment = children.fresh("deployment")
    live = children.made["deployment"]
    for what, says, edits in PODS:
        yield create(f"a new pod gets {what}", deployment, *edits, says=says)
    for what, says, edits in PODS:
        # an apply takes nothing away of what the POST that made the object owns
        change = put if any(value is GONE for _, value in edits) else apply
        yield change(f"pods that serve get {what}", live, *edits, says=says)
    yield from _jobs(children)
    yield from _words(children)


def _places(children: Children) -> Iterator[Attempt]:
    for namespace in ("kube-system", "kube-public", "kube-node-lease", OWN_NAMESPACE):
        for child in ("configmap", "service", "deployment", "poddisruptionbudget"):
            says = f"no bundle is served in namespace {namespace}"
            yield create(
                f"a {child} in {namespace}", children.fresh(child), ("metadata/namespace", namespace), says=says
            )
    own = edited(children.fresh("deployment"), (("metadata/namespace", OWN_NAMESPACE),))
    image = {"spec": {"template": {"spec": {"containers": [{"name": "operator", "image": "mine"}]}}}}
    own["metadata"]["name"] = "modelbundle-operator"
    # by each policy that has a word for it; which of them answers is nobody's promise
    yield Attempt("the operator's own image", "PATCH", path_of(own, named=True), image, "denied request", MERGE)


def _owners(children: Children) -> Iterator[Attempt]:
    labels = f"metadata/labels/{labelled(LABEL)}"
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "forged", "uid": "1", "controller": True}
    for child in ("configmap", "service", "deployment", "poddisruptionbudget"):
        body = children.fresh(child)
        yield create(f"a {child} without a label", body, (labels, GONE), says=f"has the label {LABEL}")
        yield create(f"a {child} of Helm's", body, (labels, "Helm"), says=f"has the label {LABEL}")
        for what, edit in {
            "no owner": ("metadata/ownerReferences", GONE),
            "an owner of another group": ("metadata/ownerReferences", [other]),
            "an owner that does not control it": (f"{OWNER}/controller", False),
            "an owner of another name": (f"{OWNER}/name", "other"),
        }.items():
            yield create(f"a {child} with {what}", body, edit, says="is controlled by the ModelBundle or ModelEndpoint")
    lookalike = (f"{OWNER}/apiVersion", "modelbundle.dev.example.com/v1"), (f"{OWNER}/blockOwnerDeletion", False)
    yield create(
        "an owner of a group that looks alike", children.fresh("configmap"), *lookalike, says="is controlled by"
    )
    kind = (f"{OWNER}/kind", "ModelThing"), (f"{OWNER}/blockOwnerDeletion", False)
    yield create("an owner of another kind of the group", children.fresh("configmap"), *kind, says="is controlled by")


def _others(children: Children) -> Iterator[Attempt]:
    """Objects of others, by an apply that puts label and owner on them; and what others read from ours."""
    for child in ("configmap", "service", "deployment"):
        body = children.fresh(child, TENANTS)
        if child == "deployment":  # whose selector cannot be changed
            body["spec"]["selector"] = {"matchLabels": {"app": TENANTS}}
            body["spec"]["template"]["metadata"]["labels"]["app"] = TENANTS
        yield apply(f"a tenant's {child}", body, says="this object is not the model bundles operator's")
    authority = children.fresh("configmap", "kube-root-ca.crt")
    yield apply("the certificate that pods trust", authority, says="this object is not the model bundles operator's")
    for child in ("configmap", "service", "deployment"):
        body = children.made[child]
        yield Attempt(f"the end of a {child}", "DELETE", path_of(body, named=True), None, "never does this")
        yield apply(
            f"a {child} that never ends", body, ("metadata/finalizers", ["example.com/never"]), says="no finalizers"
        )
    note = f"metadata/annotations/{labelled('external-dns.alpha.kubernetes.io/hostname')}"
    yield apply(
        "a name in the DNS", children.made["service"], (note, "bank.example.com"), says="labels and annotations"
    )
    dashboard = ("metadata/labels/grafana_dashboard", "1")
    yield create("a label that others select on", children.fresh("configmap"), dashboard, says="labels and annotations")


def _jobs(children: Children) -> Iterator[Attempt]:
    job, label = children.job(), f"metadata/labels/{labelled('modelbundle.dev/bundle')}"
    for what, says, edits in PODS:
        yield create(f"the pods of a Job get {what}", job, *edits, says=says)
    for what, edit in {
        "a Job of any name": ("metadata/name", "backup"),
        "a Job of no bundle": ("metadata/ownerReferences", GONE),
        "a Job of another bundle than its label says": (label, "other"),
    }.items():
        yield create(what, job, edit, says="a Job by the ModelBundle that its label names")
    yield create("a Job in kube-system", job, ("metadata/namespace", "kube-system"), says="no bundle is served in")
    tenants = f"/{PATHS['Job'].format(children.namespace)}/{TENANTS}"
    yield Attempt("the end of a tenant's Job", "DELETE", tenants, None, "deletes Jobs of its own only")


def _services(children: Children) -> Iterator[Attempt]:
    for kind in ("NodePort", "LoadBalancer"):
        yield create(f"a {kind}", children.fresh("service"), ("spec/type", kind), says="ClusterIP only")
        yield apply(f"a Service becomes a {kind}", children.made["service"], ("spec/type", kind), says="ClusterIP only")
    outside = ("spec/type", "ExternalName"), ("spec/externalName", "evil.example.com")
    yield create("a name that leads out", children.fresh("service"), *outside, says="ClusterIP only")
    for what, body, attempt in (
        ("an address of others", children.fresh("service"), create),
        ("an address of others, later", children.made["service"], apply),
    ):
        yield attempt(what, body, ("spec/externalIPs", ["203.0.113.7"]), says="sets no externalIPs")
    for what, selector in {"a tenant's pods": {"app": TENANTS}, "no pods, so addresses by hand": GONE}.items():
        yield create(
            f"a Service of {what}", children.fresh("service"), ("spec/selector", selector), says="of a bundle only"
        )
    away = ("spec/selector", {"app": TENANTS})
    yield apply("an endpoint that leads to a tenant's pods", children.made["route"], away, says="of a bundle only")


def _budgets(children: Children) -> Iterator[Attempt]:
    budget = children.fresh("poddisruptionbudget")
    for none in (0, "0%"):
        yield create(
            "a budget that stops every drain", budget, ("spec/maxUnavailable", none), says="stop no drain only"
        )
    least = ("spec/maxUnavailable", GONE), ("spec/minAvailable", 9)
    yield create("a budget by what has to stay", budget, *least, says="stop no drain only")
    away = ("spec/selector", {"matchLabels": {"app": TENANTS}})
    yield create("a budget for a tenant's pods", budget, away, says="of a bundle only")
    theirs = edited(budget, (("metadata/name", TENANTS),))
    yield Attempt("the end of a tenant's budget", "DELETE", path_of(theirs, named=True), None, "of bundles only")


def _words(children: Children) -> Iterator[Attempt]:
    about = {"apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": children.namespace}
    yield create(
        "an event about a pod", event(children), ("regarding", about), says="about ModelBundles and ModelEndpoints"
    )
    yield create(
        "an event about a kind of no group",
        event(children),
        ("regarding/apiVersion", GONE),
        says="about ModelBundles and ModelEndpoints",
    )
    yield create("an event as the scheduler", event(children), ("reportingController", "default-scheduler"),
                 says="as modelbundle.dev/operator")  # fmt: skip


def beyond_the_role(children: Children) -> Iterator[Attempt]:
    """What no role of the chart grants: another role may be bound to the same account."""
    place = children.namespace
    template = children.made["deployment"]["spec"]["template"]["spec"]  # which Pod Security admits
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": template}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "mine"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [],
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine"}}
    token = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}}
    real = {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": BUNDLE, "namespace": place},
    }
    rows = [
        ("pods CREATE", "POST", f"/api/v1/namespaces/{place}/pods", pod),
        ("secrets CREATE", "POST", f"/api/v1/namespaces/{place}/secrets", secret),
        ("namespaces CREATE", "POST", "/api/v1/namespaces", space),
        ("namespaces DELETE", "DELETE", f"/api/v1/namespaces/{place}", None),
        ("nodes DELETE", "DELETE", "/api/v1/nodes/local", None),
        ("serviceaccounts/token CREATE", "POST", f"/api/v1/namespaces/{place}/serviceaccounts/default/token", token),
        ("clusterrolebindings.rbac.authorization.k8s.io CREATE", "POST",
         "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", role),
        ("configmaps DELETE", "DELETE", f"/api/v1/namespaces/{place}/configmaps", None),
        ("modelbundles.modelbundle.dev DELETE", "DELETE", path_of(real, named=True), None),
        ("services/proxy CONNECT", "GET", f"/api/v1/namespaces/{place}/services/{BUNDLE}/proxy", None),
    ]  # fmt: skip
    for write, method, path, body in rows:
        yield Attempt(write, method, path, body, f"never does this: {write}")
    patches = {
        "deployments.apps/scale UPDATE": (
            f"/apis/apps/v1/namespaces/{place}/deployments/{BUNDLE}/scale",
            {"replicas": 9},
        ),
        "modelbundles.modelbundle.dev UPDATE": (path_of(real, named=True), {"serving": {"replicas": 9}}),
    }
    for write, (path, spec) in patches.items():
        yield Attempt(write, "PATCH", path, {"spec": spec}, f"never does this: {write}", MERGE)
    service = path_of(children.made["service"], named=True, subresource="status")
    note, says = {"metadata": {"labels": {"a": "b"}}}, "never does this: services/status UPDATE"
    yield Attempt("services/status UPDATE", "PATCH", service, note, says, MERGE)
    for namespace, name in ((OWN_NAMESPACE, "another"), (place, "modelbundle-operator"), ("kube-node-lease", "local")):
        what, says = f"the lease {name} in {namespace}", "holds one lease, modelbundle-operator"
        body = lease(namespace, name)
        yield apply(what, body, says=says) if name == "local" else create(what, body, says=says)
