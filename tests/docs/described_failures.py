"""docs/explanation/twenty-failures.md: of twenty known failures what `kubectl describe` shows, and how a reader fared.

For a reader who does not know the code: is it enough to know what to do? The failures are real ones, as the worker
reported them (tests/bundle_runtime/advice/captured); the operator's own code makes status and events of the report, and
kubectl prints what a stand-in of an API server gives it. `python -m tests.docs.described_failures` writes the page.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from modelbundle_operator.api.names import parse
from modelbundle_operator.api.times import timestamp
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.observation import Observation, Rollout, that_count
from modelbundle_operator.judge.status import conditions
from modelbundle_operator.reconcile.events import changes, event

from bundle_runtime.contract.report import Report, encode
from tests.bundle_runtime.advice.reading import CAPTURED
from tests.docs.reader_answers import ANSWERS, rounds, table
from tools.testkit.cluster_objects import DIGEST, START, completed, model_bundle, over, pod, running, waiting
from tools.testkit.stand_in_api import BUNDLES, StandIn

PAGE = Path(__file__).resolve().parents[2] / "docs/explanation/twenty-failures.md"
_REPORT = re.compile(r"(LoadFailed|UnpickleFailed): (.*)", re.DOTALL)
_EVENTS = "/api/v1/namespaces/models/events"
_RESOURCE = {"name": "modelbundles", "singularName": "modelbundle", "kind": "ModelBundle", "namespaced": True}
_VERSION = {"groupVersion": "modelbundle.dev/v1alpha1", "version": "v1alpha1"}
# as much of discovery as `kubectl describe` asks for
_DISCOVERY: dict[str, dict[str, Any]] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [{"name": "modelbundle.dev", "versions": [_VERSION], "preferredVersion": _VERSION}],
    },
    "/apis/modelbundle.dev/v1alpha1": {
        "kind": "APIResourceList",
        "groupVersion": "modelbundle.dev/v1alpha1",
        "resources": [{**_RESOURCE, "shortNames": ["mbun"], "verbs": ["get", "list"]}],
    },
}

_HEAD = """# Twenty failures, as kubectl describe shows them

Is `kubectl describe` enough for somebody who does not know the code? These are {count} of the [known
failures](../how-to/troubleshooting.md#known-failures) that tests make happen in a worker, drawn at random once. The
report is the worker's, conditions and events are the operator's, and kubectl has printed them; the conditions that are
not about the failure, and the spec, are left out. [What a reader made of them](#what-a-reader-made-of-them) is at the
end.

"""

_TAIL = """## What a reader made of them

A reader who had this page alone wrote for each case what they would do, and whether the text was enough; no fix was
tried. The texts were those of before: the last column says what has been changed since, and some of the failures are
now made in a way that is more usual too. "Not what it says" is a reader who saw the mistake in the line or path that is
shown, and did not follow the advice.

"""


def drawn() -> list[str]:
    """The codes of the rows, in the order of the page."""
    return [answer.code for answer in ANSWERS]


def page() -> str:
    """The page, printed by kubectl."""
    parts = [_HEAD.format(count=len(ANSWERS))]
    with tempfile.TemporaryDirectory() as directory:
        for number, code in enumerate(drawn(), 1):
            parts.append(f"## {number}\n\n```console\n{described(f'case-{number}', code, Path(directory))}\n```\n\n")
    return "".join([*parts, _TAIL, rounds(), "\n", table()])


def described(name: str, code: str, directory: Path) -> str:
    """What `kubectl describe` prints of a bundle whose worker ends with this report, from `Status:` on."""
    bundle = model_bundle(name)
    now = START + timedelta(seconds=100)
    report = _report(code)
    assert report is not None
    worker = waiting("CrashLoopBackOff", last=over(1, encode(Report(*report)).decode()), restarts=3)
    seen = Observation(
        bundle=parse(bundle),
        has_requirements=False,
        now=now,
        url=f"http://{name}.models.svc",
        rollout=Rollout(observed=True, updated=1),
        pods=that_count([observe_pod(pod(bundle=name, prepare=completed(), server=running(6), worker=worker))], DIGEST),
    )
    said = conditions({}, judge(seen).conditions, 1, now)
    bundle["metadata"] |= {"creationTimestamp": timestamp(START), "resourceVersion": "1"}
    events = [
        {**event(bundle, *change, now, index), "apiVersion": "v1"}
        for index, change in enumerate(changes({}, {"conditions": said}))
    ]
    bundle["status"] = {"conditions": [one for one in said if one["type"] == "Ready"]}
    api = StandIn()
    api.objects |= {**_DISCOVERY, f"{BUNDLES}/{name}": bundle}
    api.objects[_EVENTS] = {"kind": "EventList", "apiVersion": "v1", "items": [_as_core(one) for one in events]}
    try:
        config = api.write_kubeconfig(directory / "kubeconfig")
        words = ["kubectl", "--kubeconfig", config, "--cache-dir", str(directory / name)]
        printed = subprocess.run(
            [*words, "describe", "mbun", name], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    finally:
        api.close()
    return f"$ kubectl describe mbun {name}\n...\nStatus:{_without_ages(printed.partition('Status:')[2])}"


def _report(code: str) -> tuple[str, str] | None:
    kept = CAPTURED / f"{code}.txt"
    match = _REPORT.fullmatch(kept.read_text().rstrip()) if kept.exists() else None
    return (match[1], match[2]) if match else None


def _as_core(one: dict[str, Any]) -> dict[str, Any]:
    """As the API server shows an event of events.k8s.io among those of the core, which kubectl asks for."""
    return {
        **{key: one[key] for key in ("metadata", "type", "reason", "eventTime", "action")},
        "involvedObject": one["regarding"],
        "message": one["note"],
        "reportingComponent": one["reportingController"],
        "reportingInstance": one["reportingInstance"],
    }


def _without_ages(text: str) -> str:
    """An event's age is that of the page."""
    lines = [re.sub(r"^(  \w+ +\w+ +)\S+( +modelbundle\.dev)", r"\g<1>27s\g<2>", line) for line in text.splitlines()]
    return "\n".join(line.rstrip() for line in lines).rstrip()


if __name__ == "__main__":
    PAGE.write_text(page())
