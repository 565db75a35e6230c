"""`make faults`: every scenario with every fault, then generated bundles; a table, and 1 when anything ended otherwise.

Writes tools/benchmarks/results/faults.md and faults.json; a part of it writes them into build/faults.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from typing import Any

from tools.benchmarks.harness.results import RESULTS, machine, publish
from tools.faults.campaign import Choice, carry_out, ground, planned, references
from tools.faults.generated import judge_generated
from tools.faults.kinds import KINDS
from tools.faults.page import counted, page
from tools.faults.scenarios import SCENARIOS
from tools.faults.trial import Result
from tools.local_cluster import versions
from tools.testkit.control_plane import Site, site
from tools.testkit.place import ROOT

LOGS = ROOT / "build" / "faults"
BUNDLES = 500
_BEGAN = time.monotonic()


def main() -> int:
    options = _parser().parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    # also where it was started in the background, which ignores SIGINT: what was started is ended
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    load = os.getloadavg()[0]
    with site("faults", keep=options.keep) as cluster:
        found = asyncio.run(_run(options, cluster))
    result = {
        "seconds": time.monotonic() - _BEGAN,
        "loadBefore": load,
        "versions": {**machine(), "kubernetes": versions.KUBERNETES},
        "places": options.of_each or "all",
        **found,
    }
    publish("faults", result, page, RESULTS if _whole(options) else LOGS)
    return 1 if found["differing"] or found["generated"]["differing"] else 0


async def _run(options: argparse.Namespace, cluster: Site) -> dict[str, Any]:
    choice = Choice(
        scenarios=tuple(options.scenario or (each.name for each in SCENARIOS)),
        kinds=tuple(options.kind or KINDS),
        of_each=options.of_each,
        together=options.together,
        seed=options.seed,
    )
    async with ground(cluster.kubeconfig("faults-user"), cluster.kubeconfig("faults-operator"), LOGS) as on:
        results: list[Result] = []
        if not options.generated_only:
            known = await references(on, choice, say)
            plans = [plan for plan in planned(known, choice) if (options.only or "") in plan.name]
            say(f"{len(plans)} runs, {choice.together} side by side")
            results = await carry_out(on, plans, choice.together, say)
        return counted(results, await judge_generated(on, options.generated, options.seed, say))


def say(text: str) -> None:
    print(f"[{time.monotonic() - _BEGAN:6.1f} s] {text}", file=sys.stderr, flush=True)


def _whole(options: argparse.Namespace) -> bool:
    """Whether nothing is left out."""
    part = options.scenario or options.kind or options.of_each or options.only or options.generated_only
    return not part and options.generated >= BUNDLES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=__doc__)
    parser.add_argument("--scenario", action="append", choices=[each.name for each in SCENARIOS], help="only this one")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind of fault")
    parser.add_argument("--only", help="only faults with this text in their names")
    parser.add_argument("--of-each", type=int, help="so many places of each kind in each scenario, not all")
    parser.add_argument("--together", type=int, default=24, help="runs side by side")
    parser.add_argument("--generated", type=int, default=BUNDLES, help="bundles that are generated")
    parser.add_argument("--generated-only", action="store_true", help="no faults")
    parser.add_argument("--seed", type=int, default=0, help="what chance begins with")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    return parser


if __name__ == "__main__":
    sys.exit(main())
