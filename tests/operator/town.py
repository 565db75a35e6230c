"""Bundles as their own loop leaves them, and the loop of endpoints, looked at by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from modelbundle_operator.endpoint.route import PROPAGATION_SECONDS
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.endpoint import EndpointReconciler

from bundle_spec.connection_age import FIRST_IDLE_SECONDS, max_connection_age
from tests.operator.fake_cluster import FakeCluster
from tools.testkit.cluster_objects import START, model_bundle, serving_pod

Body = dict[str, Any]


KEY = Key("models", "sentiment", "ModelEndpoint")


SETTLED = PROPAGATION_SECONDS + max_connection_age(FIRST_IDLE_SECONDS) + 1


def endpoint(bundle: str, name: str = "sentiment") -> Body:
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": name, "namespace": "models", "uid": f"uid-of-{name}", "generation": 1},
        "spec": {"bundle": bundle},
    }


def digest(content: str) -> str:
    return "sha256:" + content.encode().hex().ljust(64, "0")[:64]


class Town:
    """Bundles as the bundles' own loop leaves them, and the endpoints' loop, looked at by hand."""

    def __init__(self, *bodies: Body) -> None:
        self.cluster, self.now = FakeCluster(), START
        self.cache = ObjectCache()
        self.look_at = EndpointReconciler(self.cluster, self.cache, lambda: self.now)
        for body in bodies:
            self.cluster.put(body)

    def bundle(
        self, name: str, reason: str = "Serving", content: str = "", stalled: bool = False, idle: int | None = None
    ) -> None:
        """A bundle that says this of itself; where it serves it has a pod."""
        content = content or name
        ready = "True" if reason in ("Serving", "Stored") else "False"
        conditions = [{"type": "Ready", "status": ready, "reason": reason, "message": "in its own words."}]
        if stalled:
            conditions.append({"type": "Stalled", "status": "True", "reason": reason, "message": ""})
        body = model_bundle(name)
        self.cluster.put({**body, "status": {"digest": digest(content), "conditions": conditions}})
        for ref in [ref for ref in self.cluster.objects if ref[0] == "Pod" and ref[2] == f"{name}-pod"]:
            self.gone(*ref)
        if reason == "Serving":
            self.cluster.put(serving_pod(f"{name}-pod", bundle=name, digest=digest(content), idle_seconds=idle))

    def gone(self, kind: str, _: str, name: str) -> None:
        self.cache.observe(kind, "DELETED", self.cluster.delete(kind, Key("models", name)))

    def delete(self, name: str) -> None:
        for ref in [ref for ref in self.cluster.objects if ref[2] in (name, f"{name}-pod")]:
            self.gone(*ref)

    def follow(self, name: str = "sentiment") -> None:
        """Kubernetes' own controller follows the selector."""
        selector = self.service(name)["spec"]["selector"]
        pods = [
            {"targetRef": {"kind": "Pod", "name": ref[2]}}
            for ref, pod in self.cluster.objects.items()
            if ref[0] == "Pod" and selector.items() <= pod["metadata"]["labels"].items()
        ]
        labels = {**self.service(name)["metadata"]["labels"], "kubernetes.io/service-name": name}
        self.cluster.put(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": f"{name}-x", "namespace": "models", "labels": labels},
                "endpoints": pods,
            }
        )

    async def look(self, key: Key = KEY) -> float | None:
        self.cluster.deliver(self.cache)
        outcome = await self.look_at(key)
        assert all(waited.kind == "ModelBundle" for waited in outcome.waits_on)
        assert outcome.waits_on or not outcome.requeue_after
        return outcome.requeue_after

    async def moves(self, bundle: str) -> None:
        """The user changes the one line; everything else takes its course."""
        self.ask_for(bundle)
        await self.look()
        self.follow()
        await self.look()
        self.now += timedelta(seconds=SETTLED)
        await self.look()
        assert self.answers() == bundle

    def ask_for(self, bundle: str) -> None:
        self.cluster.edit("ModelEndpoint", KEY, lambda body: body["spec"].update(bundle=bundle))

    def loses(self, name: str, reason: str) -> None:
        """The bundle's status is gone, and its base too, so it has no digest any more; its pods know nothing of it."""
        conditions = [{"type": "Ready", "status": "False", "reason": reason, "message": "in its own words."}]
        self.cluster.put({**model_bundle(name), "status": {"conditions": conditions}})

    async def at_rest(self) -> None:
        for condition in self.status().get("conditions", []):
            assert ".." not in condition["message"]
        with self.cluster.expect_no_writes():
            await self.look()

    def service(self, name: str = "sentiment") -> Body:
        return self.cluster.objects["Service", "models", name]

    def points_at(self, name: str = "sentiment") -> str:
        return str(self.service(name)["spec"]["selector"]["modelbundle.dev/bundle"])

    def status(self, name: str = "sentiment") -> Body:
        return dict(self.cluster.objects["ModelEndpoint", "models", name].get("status") or {})

    def answers(self) -> str | None:
        return self.status().get("bundle")

    def said(self, kind: str = "Ready", name: str = "sentiment") -> tuple[str, str]:
        found = next((c for c in self.status(name).get("conditions", []) if c["type"] == kind), None)
        return (found["status"], found["reason"]) if found else ("", "")

    def message(self, kind: str = "Ready") -> str:
        return str(next(c["message"] for c in self.status()["conditions"] if c["type"] == kind))
