"""The result of the attacked half of a soak as a page."""

from __future__ import annotations

from typing import Any


def page(result: dict[str, Any]) -> str:
    memory, others = result["memory"], result["others"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    rows = sum(len(kind) for kind in result["rows"].values())
    wrong = result["violations"]
    share, period, cores = result["share"], 1000 * result["periodSeconds"], result["cores"]
    lines = [
        "# Hostile clients",
        "",
        f"`make soak`: {rows} hostile clients side by side for {result['seconds']} s against one server with its",
        "worker, and others that ask the same server for predictions. The attackers are one process, at a lower",
        f"priority, with {share:g} of a core as a container with that limit has it: {share * period:g} ms of each",
        f"{period:g}, then it waits. They took {cores['beside']:.2f} of one.",
        "",
        "Servers, workers, attackers and the others share the processors of one machine. So before, for as long, the",
        f"same attackers are at another server of the same kind there ({cores['elsewhere']:.2f} of a core), while the",
        "others ask theirs: what those wait for then is the machine's, and not this server's.",
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
            for key, name in NAMES.items()
        ),
        "",
        f"Beside the attackers the p99 is {_ratio(others, 'elsewhere'):.1f} times that with the attackers elsewhere"
        f" ({others['most']:g} are allowed), and {_ratio(others, 'alone'):.1f} times that",
        f"alone. {others['full']} of them found the queue full, and are to come again.",
        "",
        "What came back, and how often: statuses and how the connection was then; `gone` is an end without an answer,",
        "`held` one that the client ended, `left` a client that waited for nothing.",
    ]
    for kind, found in result["rows"].items():
        lines += ["", f"## {kind.capitalize()}", "", "| client | what came back |", "|---|---|"]
        lines += [f"| {name} | {ends or 'never had its turn'} |" for name, ends in found.items()]
    return "\n".join(lines) + "\n"


def _ratio(others: dict[str, Any], to: str) -> float:
    return float(others["beside"]["p99Ms"] / others[to]["p99Ms"])


NAMES = {
    "alone": "alone, before and after",
    "elsewhere": "the attackers elsewhere",
    "beside": "beside the attackers",
}
COLUMNS = ("count", "p50Ms", "p99Ms", "p99.9Ms", "mostMs")
