"""What the floor is to do: the calls that the operator made for most bundles, and the bodies that it left behind."""

from __future__ import annotations

import json
from typing import Any

from tools.benchmarks.operator.audit import Called, by_bundle, usual_sequence
from tools.benchmarks.operator.cases import Case
from tools.benchmarks.operator.load import Seen
from tools.testkit.rest import Api, path

Body = dict[str, Any]

WORKERS = 8  # what MODELBUNDLE_WORKERS is unless set
_STATUS = "modelbundles/status"
_CHILDREN = ("configmaps", "services", "deployments")
_ASSIGNED = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")


async def plan_of(api: Api, case: Case, calls: list[Called], seen: Seen) -> Body:
    """As floor.py reads it; empty where no bundle got Ready with the usual calls."""
    usual = usual_sequence(calls)
    places = by_bundle(calls)
    model = next(
        (place for place in sorted(seen.ready) if [c.what for c in places.get(place, [])] == usual), None
    )  # not the base of a family, which has other calls
    said = [at for at, call in enumerate(usual) if call.endswith(" modelbundles/status")]
    if model is None or not said:
        return {}
    split = said[-1] if case.kind == "serving" else len(usual)
    namespace, name = model
    bodies = {}
    for plural in (*_CHILDREN, "modelbundles"):
        body = await api.get(plural, namespace, name)
        if body is not None:
            bodies[plural] = body
    metadata = bodies["modelbundles"]["metadata"]
    names = {"name": name, "namespace": namespace}
    texts = {plural: json.dumps(_bare(bodies[plural])) for plural in _CHILDREN if plural in bodies}
    about = {"apiVersion": bodies["modelbundles"]["apiVersion"], "kind": "ModelBundle"}
    status = {**bodies["modelbundles"]["status"], "observedGeneration": 0}
    texts[_STATUS] = json.dumps({**about, "metadata": names, "status": status}, separators=(",", ":"))
    events = await api.call("GET", path("events", namespace), query={"limit": "500"})
    ours = (each for each in events["items"] if each.get("eventTime"))  # Kubernetes's own controllers set another time
    event = next((each for each in ours if each["metadata"]["name"].startswith(f"{name}.")), None)
    if event is not None:
        new = {**event, "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {**names, "name": "EVENT"}}
        texts["events"] = json.dumps(_bare(new))
    before, after = usual[:split], usual[split:]
    return {
        "before": steps(before, {**texts, _STATUS: waiting(texts[_STATUS])} if after else texts),
        "after": steps(after, texts),
        "model": {**names, "uid": metadata["uid"]},
        "workers": WORKERS,
    }


def steps(calls: list[str], texts: dict[str, str]) -> list[tuple[str, str]]:
    """Each call with the body that it sends, by resource; a read sends none."""
    return [(call, texts.get(call.partition(" ")[2], "")) for call in calls]


def waiting(status: str) -> str:
    """The same object before its pod is there: Ready only with it, or the floor would be done before its pods are."""
    body = json.loads(status)
    conditions = body["status"]["conditions"]
    body["status"]["conditions"] = [
        {**each, "status": "False"} if each["type"] == "Ready" else each for each in conditions
    ]
    return json.dumps(body, separators=(",", ":"))


def _bare(body: Body) -> Body:
    """As it was sent: without what the API server adds."""
    metadata = {name: value for name, value in body["metadata"].items() if name not in _ASSIGNED}
    spec = {name: value for name, value in (body.get("spec") or {}).items() if name not in ("clusterIP", "clusterIPs")}
    found = {name: value for name, value in body.items() if name not in ("metadata", "spec", "status")}
    return {**found, "metadata": metadata, **({"spec": spec} if spec else {})}
