"""The files of deploy/argocd/ and the table of docs/how-to/gitops.md, made from health checks and test data."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

from tests.gitops.health_data import ARGOCD, CHECKS, PHASES, body
from tests.gitops.lua import health

_CM_HEAD = """# Argo CD's settings for bundles: how it tells their health, and that of Applications in an app of apps.
#   kubectl apply --server-side -n argocd -f deploy/argocd/argocd-cm.yaml
# Made from deploy/argocd/resource_customizations by `make docs`.
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  labels:
    app.kubernetes.io/part-of: argocd
data:
"""
_TABLE_START = "<!-- health: written by make docs -->\n"
_TABLE_END = "<!-- end of health -->"


def made_files() -> dict[Path, str]:
    """Each file and what should be in it."""
    kinds = sorted({phase.kind for phase in PHASES})
    return {
        ARGOCD / "argocd-cm.yaml": argocd_cm(),
        **{CHECKS / kind / "health_test.yaml": health_test(kind) for kind in kinds},
    }


def argocd_cm() -> str:
    parts = [_CM_HEAD]
    for script in sorted((ARGOCD / "resource_customizations").glob("*/*/health.lua")):
        kind, group = script.parent.name, script.parent.parent.name
        lines = "".join(f"    {line}".rstrip() + "\n" for line in script.read_text().splitlines())
        parts.append(f"  resource.customizations.health.{group}_{kind}: |\n{lines}")
    return "".join(parts)


def health_test(kind: str) -> str:
    """In the form of Argo CD's own tests; the statuses are checked against PHASES, which is written by hand."""
    found = [phase for phase in PHASES if phase.kind == kind and phase.file.exists()]
    tests = [{"inputPath": phase.input, "healthStatus": _health(phase.file)} for phase in found]
    return yaml.safe_dump({"tests": tests}, sort_keys=False, width=120)


def with_health(page: str) -> str:
    """The page with the table of phases between its two marks."""
    before, rest = page.split(_TABLE_START)
    after = rest.split(_TABLE_END)[1]
    rows = ["", "| object | phase | Argo CD shows | with the message |", "|---|---|---|---|"]
    for phase in PHASES:
        if phase.file.exists():
            found = _health(phase.file)
            message = _cell(found["message"])
            rows.append(f"| {phase.kind} | {phase.title} | {found['status']} | {message} |")
    return before + _TABLE_START + "\n".join(rows) + "\n\n" + _TABLE_END + after


@functools.cache
def _health(file: Path) -> dict[str, str]:
    (phase,) = [phase for phase in PHASES if phase.file == file]
    found = health(CHECKS / phase.kind / "health.lua", body(phase))
    return {"status": found["status"], "message": found["message"]}


def _cell(message: str, longest: int = 150) -> str:
    message = " ".join(message.split())
    short = message if len(message) <= longest else message[:longest].rpartition(" ")[0] + " ..."
    return short.replace("|", "\\|").replace("<", "&lt;")
