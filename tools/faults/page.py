"""The page of a campaign: scenarios, faults, and how many runs of each ended as the undisturbed one did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.benchmarks.harness.tables import one_line, table, versions
from tools.faults.generated import Judged
from tools.faults.kinds import KINDS
from tools.faults.scenarios import SCENARIOS
from tools.faults.trial import Result

Body = dict[str, Any]


def counted(results: Sequence[Result], generated: Judged) -> Body:
    """What is kept of a campaign: for each scenario and kind how many runs ended as undisturbed, of how many."""
    rows = []
    for scenario in SCENARIOS:
        mine = [each for each in results if each.scenario == scenario.name]
        if mine:
            slowest = max(each.seconds for each in mine)
            rows.append({"scenario": scenario.name, "slowest": slowest, **{kind: _good(mine, kind) for kind in KINDS}})
    return {
        "scenarios": rows,
        "missed": sum(not each.struck and each.kind != "undisturbed" for each in results),
        "differing": [f"{e.scenario}, {e.kind}, {e.fault}: {e.problems[0]}" for e in results if e.problems],
        "generated": {
            "bundles": generated.bundles,
            "reasons": dict(sorted(generated.reasons.items())),
            "differing": generated.problems,
        },
    }


def page(result: Body) -> str:
    rows = result["scenarios"]
    kinds = [kind for kind in KINDS if any(row[kind] for row in rows)]
    cells = [[row["scenario"], *(_cell(row[kind]) for kind in kinds), f"{row['slowest']:.0f} s"] for row in rows] + [
        ["all", *(_cell(_sum(rows, kind)) for kind in kinds), ""]
    ]
    good, runs = (sum(_sum(rows, kind)[at] for kind in kinds) for at in (0, 1)) if kinds else (0, 0)
    return f"""# Faults between the operator and the API server

`make faults`, {result["seconds"]:.0f} s; places at which a fault strikes, of each kind in each scenario:
{result["places"]}. {versions(result)}. The load average before was {result["loadBefore"]:.1f}.
[How it is done, and what each kind of fault does](../../../docs/how-to/faults.md). A cell: runs that ended as the
undisturbed one did, of how many; slowest: from what the user did to that end.

{table(["scenario", *kinds, "slowest"], cells)}

{good} of {runs} runs ended as the undisturbed one did. In {result["missed"]} the place of the fault did not come up.
{_lines(result["differing"])}
## Generated bundles

{_generated(result["generated"])}
"""


def _generated(generated: Body) -> str:
    right = generated["bundles"] - len(generated["differing"])
    reasons = ", ".join(f"{count} {reason}" for reason, count in generated["reasons"].items())
    return (
        f"{right} of {generated['bundles']} bundles are what the oracle expects.\n"
        f"Expected: {reasons or 'none'}.\n{_lines(generated['differing'])}"
    ).rstrip()


def _good(results: Sequence[Result], kind: str) -> list[int]:
    """How many ended as undisturbed, of how many; empty where none was made."""
    mine = [each for each in results if each.kind == kind]
    return [sum(not each.problems for each in mine), len(mine)] if mine else []


def _sum(rows: Sequence[Body], kind: str) -> list[int]:
    pairs = [row[kind] for row in rows if row[kind]]
    return [sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)]


def _cell(pair: Sequence[int]) -> str:
    return f"{pair[0]} of {pair[1]}" if pair else ""


def _lines(differing: Sequence[str]) -> str:
    return "".join(f"- {one_line(each)}\n" for each in differing)
