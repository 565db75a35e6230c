"""The result of the attacked half of a soak as a page."""

from __future__ import annotations

from typing import Any


def page(result: dict[str, Any]) -> str:
    memory, others = result["memory"], result["others"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    rows = sum(len(kind) for kind in result["rows"].values())
    wrong = result["violations"]
    lines = [
        "# Hostile clients",
        "",
        f"`make soak`: {rows} hostile clients side by side for {result['seconds']} s, as one process with"
        f" {result['share']:g} of a core, against one",
        "server with its worker, and others that ask the same server for predictions; all on one machine.",
        f"{versions}.",
        "",
        "All answers were right, and nothing ended." if not wrong else f"**{len(wrong)} violations:**",
        *(f"- {violation}" for violation in wrong),
        "",
        f"The server's memory was {memory['peakMiB']:g} MiB at most, {memory['peakMiB'] / memory['limitMiB']:.0%} of"
        f" the {memory['limitMiB']:g} MiB of a pod's server ({memory['most']:.0%} is allowed).",
        "",
        "| the others' requests | count | median, ms | p99, ms | p99.9, ms | longest, ms |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | " + " | ".join(f"{others[key][each]:g}" for each in COLUMNS) + " |"
            for key, name in (("alone", "before and after"), ("beside", "beside the attackers"))
        ),
        "",
        f"The p99 is {others['beside']['p99Ms'] / others['alone']['p99Ms']:.1f} times as long ({others['most']:g} are"
        f" allowed). {others['full']} of them found the queue full, and are to come again.",
        "",
        "What came back, and how often: statuses and how the connection was then; `gone` is an end without an answer,",
        "`held` one that the client ended, `left` a client that waited for nothing.",
    ]
    for kind, found in result["rows"].items():
        lines += ["", f"## {kind.capitalize()}", "", "| client | what came back |", "|---|---|"]
        lines += [f"| {name} | {ends or 'never had its turn'} |" for name, ends in found.items()]
    return "\n".join(lines) + "\n"


COLUMNS = ("count", "p50Ms", "p99Ms", "p99.9Ms", "mostMs")
