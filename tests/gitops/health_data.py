"""The phases that a bundle or an endpoint can be in, the health that Argo CD must show for each, and their test data.

Statuses are written here by hand. The objects are captured from real runs, by the tests that bring them about and where
that is asked for (`make docs`), into the layout that Argo CD's own repository has.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.bad_rows import ROWS
from tools.testkit.kubectl import Manifest

ARGOCD = Path(__file__).resolve().parent.parent.parent / "deploy" / "argocd"
CHECKS = ARGOCD / "resource_customizations" / "modelbundle.dev"
HEALTHY, PROGRESSING, DEGRADED = "Healthy", "Progressing", "Degraded"


@dataclass(frozen=True)
class Phase:
    kind: str
    name: str
    title: str
    status: str

    @property
    def input(self) -> str:
        """As health_test.yaml names it."""
        return f"testdata/{self.name}.yaml"

    @property
    def file(self) -> Path:
        return CHECKS / self.kind / self.input


# what time, or someone elsewhere, may heal; every other bad input is Degraded
_WAITS = {"no-capacity", "no-base"}

PHASES = [
    Phase("ModelBundle", "created", "Just created", PROGRESSING),
    Phase("ModelBundle", "starting", "Its first pods start", PROGRESSING),
    Phase("ModelBundle", "serving", "It serves", HEALTHY),
    Phase("ModelBundle", "stored", "It is stored only: 0 replicas", HEALTHY),
    Phase("ModelBundle", "clone", "A clone serves", HEALTHY),
    Phase("ModelBundle", "image-moved", "It serves, from another image than at first", HEALTHY),
    Phase(
        "ModelBundle", "requirements-moved", "It serves, with another version of a requirement than at first", HEALTHY
    ),
    Phase("ModelBundle", "edited", "`spec.serving` was just edited", PROGRESSING),
    Phase("ModelBundle", "rolling-out", "A roll-out is on its way", PROGRESSING),
    Phase("ModelBundle", "roll-out-waits", "A roll-out waits for room; the old pods serve", PROGRESSING),
    Phase("ModelBundle", "roll-out-fails", "A roll-out fails; the old pods serve", DEGRADED),
    Phase("ModelBundle", "failed-once", "A container failed for the first time", PROGRESSING),
    Phase("ModelBundle", "deleting", "It is being deleted", PROGRESSING),
    *(Phase("ModelBundle", row.name, row.title, PROGRESSING if row.name in _WAITS else DEGRADED) for row in ROWS),
    Phase("ModelEndpoint", "created", "Just created", PROGRESSING),
    Phase("ModelEndpoint", "serving", "Its bundle answers", HEALTHY),
    Phase("ModelEndpoint", "no-bundle", "Its bundle does not exist; nothing answers", PROGRESSING),
    Phase("ModelEndpoint", "waiting", "It waits for the new bundle; the old one answers", PROGRESSING),
    Phase("ModelEndpoint", "moving", "It moves to the new bundle", PROGRESSING),
    Phase("ModelEndpoint", "stalled", "The new bundle is Stalled; the old one answers", DEGRADED),
    Phase("ModelEndpoint", "foreign-service", "A Service of its name belongs to something else", DEGRADED),
    Phase("ModelEndpoint", "deleting", "It is being deleted", PROGRESSING),
]


def wanted() -> bool:
    return bool(os.environ.get("MODELBUNDLE_CAPTURE"))


def keep(test: str, name: str, body: Manifest) -> None:
    """Write an object, as it stands on the cluster, as test data; `test` is the test that brought it about."""
    (phase,) = [phase for phase in PHASES if (phase.kind, phase.name) == (body["kind"], name)]
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    notes = metadata.get("annotations") or {}
    notes = {key: value for key, value in notes.items() if key != "kubectl.kubernetes.io/last-applied-configuration"}
    metadata = (
        {**metadata, "annotations": notes} if notes else {k: v for k, v in metadata.items() if k != "annotations"}
    )
    text = yaml.safe_dump({**body, "metadata": metadata}, sort_keys=False, width=120)
    text = text.replace(body["metadata"]["namespace"], "default")
    phase.file.parent.mkdir(parents=True, exist_ok=True)
    phase.file.write_text(f"# captured by {test}\n{text}")


def body(phase: Phase) -> Manifest:
    # fifty of them are read as a module of tests is imported, and PyYAML's own parser takes ten times as long
    return dict(yaml.load(phase.file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def expected(kind: str) -> dict[str, dict[str, str]]:
    """What health_test.yaml asks of each file of test data."""
    tests: list[dict[str, Any]] = yaml.safe_load((CHECKS / kind / "health_test.yaml").read_text())["tests"]
    return {test["inputPath"]: test["healthStatus"] for test in tests}
