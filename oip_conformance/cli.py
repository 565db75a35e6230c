"""The command: every clause in order, a line for each, and an exit code that says whether all hold."""

from __future__ import annotations

import http.client
import json
import sys
from typing import IO, Any, Dict, List, NamedTuple, Optional

import click

from oip_conformance import binary, inference, metadata
from oip_conformance.clause import Broken, Clause, NotApplicable
from oip_conformance.target import Target

CLAUSES: List[Clause] = [*metadata.clauses.all, *inference.clauses.all, *binary.clauses.all]
HOLDS, BROKEN, NOT_APPLICABLE = "holds", "broken", "n/a"


class Finding(NamedTuple):
    """Of a clause: `result` is HOLDS, BROKEN or NOT_APPLICABLE, and `reason` says why."""

    clause: Clause
    result: str
    reason: str


def run(target: Target, clauses: Optional[List[Clause]] = None) -> List[Finding]:
    """Check the clauses, all when not given, in their order."""
    return [_checked(clause, target) for clause in (CLAUSES if clauses is None else clauses)]


def _checked(clause: Clause, target: Target) -> Finding:
    try:
        clause.check(target)
    except Broken as broken:
        return Finding(clause, BROKEN, str(broken))
    except NotApplicable as reason:
        return Finding(clause, NOT_APPLICABLE, str(reason))
    except (OSError, http.client.HTTPException) as error:
        return Finding(clause, BROKEN, f"no answer: {type(error).__name__}: {error}")
    except (KeyError, TypeError, ValueError) as error:  # what came has not the form to look any further
        return Finding(clause, BROKEN, f"the answer cannot be read: {type(error).__name__}: {error}")
    return Finding(clause, HOLDS, "")


@click.command(name="oip-conformance", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("url")
@click.option("--model", required=True, help="The model to ask, by its name in the server's paths.")
@click.option(
    "--request",
    type=click.File("rb"),
    help="A file with an inference request (JSON) that the model answers; made from its metadata when not given.",
)
@click.option("--timeout", default=30.0, show_default=True, help="Seconds to wait for one answer.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def main(url: str, model: str, request: Optional[IO[bytes]], timeout: float, output: str) -> None:
    """Check an Open Inference Protocol server (REST, version 2) at URL, clause by clause.

    The exit code is 0 when every clause that applies holds, 1 when one is broken, 2 when the server cannot be asked.
    """
    target = Target(url, model, _read(request), timeout)
    try:
        target.get("/v2/health/live")
    except (OSError, ValueError, http.client.HTTPException) as error:
        click.echo(f"oip-conformance: {url} does not answer: {error}", err=True)
        sys.exit(2)
    findings = run(target)
    if output == "json":
        click.echo(json.dumps([_as_dict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    sys.exit(1 if any(finding.result == BROKEN for finding in findings) else 0)


def _read(request: Optional[IO[bytes]]) -> Optional[Dict[str, Any]]:
    if request is None:
        return None
    try:
        found = json.loads(request.read().decode("utf-8"))
    except ValueError as error:
        raise click.BadParameter(f"it is not valid JSON: {error}", param_hint="--request") from None
    if not isinstance(found, dict) or not isinstance(found.get("inputs"), list) or not found["inputs"]:
        raise click.BadParameter('it must be a JSON object with "inputs": [...]', param_hint="--request")
    return found


def _as_dict(finding: Finding) -> Dict[str, str]:
    clause = finding.clause
    return {
        "clause": clause.id,
        "section": clause.section,
        "says": clause.says,
        "result": finding.result,
        "reason": finding.reason,
    }


def _print(findings: List[Finding]) -> None:
    for clause, result, reason in findings:
        click.echo(f"{result:<6}  {clause.id:<22}  {clause.says} [{clause.section}]")
        if reason:
            click.echo(f"        {'':<22}  {reason}")
    counts = {result: sum(1 for finding in findings if finding.result == result) for result in (HOLDS, BROKEN)}
    left = len(findings) - sum(counts.values())
    click.echo(f"{counts[HOLDS]} clauses hold, {counts[BROKEN]} are broken, {left} do not apply")
