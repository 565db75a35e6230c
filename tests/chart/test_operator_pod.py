"""The operator's pod: where it runs, and what a platform puts into it beside the chart's own."""

from __future__ import annotations

from tests.chart.conftest import Render, only
from tests.chart.test_operator import NAME, deployment, pod

A_NODE_IS_LOST = [
    {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
    for state in ("not-ready", "unreachable")
]
NODES = {
    "requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "In", "values": ["system"]}]}]
    }
}
ZONES = {
    "requiredDuringSchedulingIgnoredDuringExecution": [
        {
            "topologyKey": "topology.kubernetes.io/zone",
            "labelSelector": {"matchLabels": {"app.kubernetes.io/name": NAME}},
        }
    ]
}


def test_they_keep_apart_where_there_is_more_than_one_node(render: Render) -> None:
    documents = render()
    ((term,),) = [
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] for affinity in pod(documents)["affinity"].values()
    ]
    assert term["podAffinityTerm"] == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": deployment(documents)["spec"]["selector"],
    }
    assert set(pod(documents)["affinity"]) == {"podAntiAffinity"}


def test_an_affinity_comes_beside_its_own_and_replaces_what_is_of_its_kind(render: Render) -> None:
    (own,) = pod(render())["affinity"].values()
    documents = render.operator(affinity={"nodeAffinity": NODES}, crds={"upgradeJob": {"enabled": True}})
    assert pod(documents)["affinity"] == {"nodeAffinity": NODES, "podAntiAffinity": own}
    job = only(documents, "Job")["spec"]["template"]["spec"]
    for spec in (job, *(only(documents, "Pod", f"modelbundle-{name}")["spec"] for name in ("test", "doctor"))):
        assert spec["affinity"] == {"nodeAffinity": NODES}, "those that run once go where the operator may"
    assert pod(render.operator(affinity={"podAntiAffinity": ZONES}))["affinity"] == {"podAntiAffinity": ZONES}
    for none in ({}, None):
        assert "affinity" not in pod(render.operator(affinity={"podAntiAffinity": none}))
    assert "affinity" not in only(render(), "Pod", "modelbundle-test")["spec"]


def test_variables_and_volumes_come_beside_its_own(render: Render) -> None:
    env = [
        {"name": "SSL_CERT_FILE", "value": "/etc/company/ca.crt"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token", "optional": True}}},
    ]
    volume = {"name": "company", "configMap": {"name": "company-ca"}}
    mount = {"name": "company", "mountPath": "/etc/company", "readOnly": True}
    for values in ({}, {"tenants": {"enabled": True}}):
        before = pod(render.operator(**values))
        after = pod(render.operator(env=env, volumes=[volume], volumeMounts=[mount], **values))
        assert after["volumes"] == [*before["volumes"], volume]
        (was,), (container,) = before["containers"], after["containers"]
        assert container["env"] == [*was["env"], *env]
        assert container["volumeMounts"] == [*was["volumeMounts"], mount]


def test_the_pod_is_placed_and_marked_as_asked(render: Render) -> None:
    toleration = {"key": "cpu-only", "operator": "Exists", "effect": "NoSchedule"}
    documents = render.operator(
        nodeSelector={"disk": "ssd"},
        tolerations=[toleration],
        priorityClassName="high",
        imagePullSecrets=[{"name": "registry"}],
        podAnnotations={"team": "ml"},
        podLabels={"cost": "ml"},
        resources={"limits": {"memory": "1Gi"}},
        crds={"upgradeJob": {"enabled": True}},
    )
    job = only(documents, "Job")["spec"]["template"]["spec"]
    once = [only(documents, "Pod", f"modelbundle-{name}")["spec"] for name in ("test", "doctor")]
    for spec in (pod(documents), job, *once):  # those that run once go where the operator may
        assert spec["nodeSelector"] == {"disk": "ssd"}
        assert spec["tolerations"] == [toleration, *A_NODE_IS_LOST]
        assert spec["priorityClassName"] == "high"
        assert spec["imagePullSecrets"] == [{"name": "registry"}]
    metadata = deployment(documents)["spec"]["template"]["metadata"]
    assert metadata["annotations"] == {"team": "ml"}
    assert metadata["labels"]["cost"] == "ml"
    assert pod(documents)["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}
