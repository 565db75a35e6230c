"""The result of a soak as a page."""

from __future__ import annotations

from typing import Any


def page(result: dict[str, Any]) -> str:
    parts = [_head(result), _processes(result)]
    parts += [_site(name, site) for name, site in result["sites"].items()]
    return "\n".join(parts)


def _head(result: dict[str, Any]) -> str:
    violations = result["violations"]
    verdict = "Nothing leaked, was wrong or unexplained." if not violations else f"**{len(violations)} violations:**"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [
        "# Soak",
        "",
        f"`make soak`: {result['seconds']} s of mixed load against two servers with their workers, all on one machine."
        " Every answer is compared",
        "with what its request must give; what the clients saw, by status and code, is compared with each server's own",
        f"count. {versions}, load before {result['loadBefore']}.",
        "",
        verdict,
        *(f"- {violation}" for violation in violations),
    ]
    return "\n".join(lines) + "\n"


def _processes(result: dict[str, Any]) -> str:
    bounds = result["memoryBounds"]
    lines = [
        "## What the processes hold",
        "",
        "The slope is that of the least memory of each five seconds in the second half of a life, a worker's of its",
        f"last. At most {bounds['mibPerMinute']:g} MiB a minute pass, or {bounds['mib']:g} MiB in all.",
        "The start is after one round of every client.",
        "",
        "| process | lives | MiB at the start | peak | at the end | slope, MiB/min | descriptors | threads | children |",  # noqa: E501
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, each in result["processes"].items():
        pairs = " | ".join(" → ".join(map(str, each[key])) for key in ("descriptors", "threads"))
        memory = " | ".join(str(each[key]) for key in ("startMiB", "peakMiB", "endMiB", "slopeMiBPerMinute"))
        lines.append(f"| {name} | {each['lives']} | {memory} | {pairs} | {each['children']} |")
    return "\n".join(lines) + "\n"


def _site(name: str, site: dict[str, Any]) -> str:
    lines = [
        f"## {name.capitalize()}",
        "",
        f"{site['kills']} workers killed, {site['killsInStreams']} of them while a client read a stream."
        f" {site['unseen']} requests were left by their clients, so only the server knows how they ended.",
        "",
        "| status and code | the server counted | clients saw | ended unseen |",
        "|---|---|---|---|",
    ]
    for key in sorted({*site["server"], *site["clients"]}):
        server, seen = site["server"].get(key, 0), site["clients"].get(key, 0)
        lines.append(f"| {key} | {server} | {seen} | {server - seen} |")
    lines += ["", "| kind of client | how its requests ended |", "|---|---|"]
    for kind, ends in site["kinds"].items():
        counted = ", ".join(f"{end} {number}" for end, number in sorted(ends.items(), key=lambda each: -each[1]))
        lines.append(f"| {kind} | {counted} |")
    return "\n".join(lines) + "\n"
