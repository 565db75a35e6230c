"""The result as a page of Markdown: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tools.benchmarks.harness.asks import Case
from tools.benchmarks.harness.tables import one_line, table
from tools.benchmarks.serving.cases import BODIES, CLIENTS, HOLDS, OTHERS
from tools.benchmarks.serving.results import OURS, Cell, Cells, Key, Lost, cells, goals, lost, noise, ratio, unpacked

UNITS = {
    "cpuUs": (1, "us CPU"),
    "perSecond": (1, "/s"),
    "p50Us": (1e-3, "ms p50"),
    "p99Us": (1e-3, "ms p99"),
    "pssMiB": (1, "MiB"),
    "wallSeconds": (1, "s to start"),
    "cpuSeconds": (1, "s CPU to start"),
    "p99Ms": (1, "ms p99"),
}

FULL_ROUNDS = 3
QUIET_CORES = 0.2


class Tables:
    """The tables of one result; `errors` are the ones that were met in cells, whole."""

    def __init__(self, found: Cells, losses: list[Lost]) -> None:
        self.found = found
        self.errors: list[str] = []
        self._lost = {(each.key, each.measure) for each in losses}

    def cell(self, server: str, key: Key, measure: str, scale: float = 1, best: bool = False) -> str:
        cell = self.found[server].get(key, Cell({}, {}, "not measured"))
        if measure not in cell.median:
            return f"n/a: {cell.missing}" if cell.missing else self._error(server, cell.error)
        text = figure(cell.median[measure] * scale)
        if best:
            text += f" ({figure(cell.best[measure] * scale)})"
        return f"{text} **lost**" if server == OURS and (key, measure) in self._lost else text

    def cells(self, server: str, key: Key, scales: dict[str, float]) -> list[str]:
        """Where there is an error or nothing, it is said once for them all."""
        first, *rest = [self.cell(server, key, measure, scale) for measure, scale in scales.items()]
        return [first, *(rest if self._measured(server, key) else [""] * len(rest))]

    def pair(self, server: str, key: Key) -> str:
        if not self._measured(server, key):
            return ""
        return " / ".join(self.cell(server, key, measure, 1e-3) for measure in ("p50Us", "p99Us"))

    def ratio(self, server: str, key: Key, measure: str = "cpuUs") -> str:
        each = ratio(self.found, server, key, measure)
        return "" if each is None else f"{figure(each)}x"

    def table(self, heads: Iterable[str], row: Callable[[str], list[str]]) -> str:
        return table(["", *heads], ([server, *_said_once(row(server))] for server in self.found))

    def _measured(self, server: str, key: Key) -> bool:
        return bool(self.found[server].get(key, Cell({}, {})).median)

    def _error(self, server: str, error: str) -> str:
        whole = f"{server}: {one_line(error)}"
        if whole not in self.errors:
            self.errors.append(whole)
        return f"error {self.errors.index(whole) + 1}: {one_line(error)[:100]}"


def small(tables: Tables, cores: int) -> str:
    keys: list[Key] = [("small", cores, clients) for clients in CLIENTS]
    start: Key = ("start", cores, 0)

    def row(server: str) -> list[str]:
        cpu = [tables.cell(server, keys[1], "cpuUs", best=True), tables.ratio(server, keys[1])]
        cpu += [tables.cell(server, key, "cpuUs") for key in (keys[0], keys[2])]
        rates = [tables.cells(server, key, {"perSecond": 1})[0] for key in keys]
        memory = [tables.cell(server, ("memory", 1, 0), "pssMiB")] if cores == 1 else []
        starts = tables.cells(server, start, {"wallSeconds": 1, "cpuSeconds": 1})
        return [*cpu, *rates, *(tables.pair(server, key) for key in keys), *memory, *starts]

    heads = ["CPU us at 32 (best)", "ratio to ours", "CPU us at 1", "CPU us at 256"]
    heads += [*(f"req/s at {clients}" for clients in CLIENTS)]
    heads += [f"p50 / p99 ms at {clients}" for clients in CLIENTS] + (["memory MiB"] if cores == 1 else [])
    return tables.table([*heads, "start s", "start CPU s"], row)


def loaded(tables: Tables, case: Case) -> str:
    key: Key = (case.row, 1, case.clients)
    long = len(case.fields.get("y", "")) > 1_000_000
    event = {"cpuUsPerEvent": 1.0} if case.events else {}

    def row(server: str) -> list[str]:
        cpu = tables.cell(server, key, "cpuUs", 1e-3 if long else 1, best=True)
        rest = ["", *tables.cells(server, key, {"cpuUs": 1, **event, "perSecond": 1, "p50Us": 1e-3, "p99Us": 1e-3})[1:]]
        rest[0] = tables.ratio(server, key)
        return [cpu, *rest]

    per_event = ["CPU us per event"] if event else []
    return tables.table(
        [f"CPU {'ms' if long else 'us'} (best)", "ratio to ours", *per_event, "req/s", "p50 ms", "p99 ms"], row
    )


def health(tables: Tables) -> str:
    keys: list[Key] = [(f"health: {case.row}", 1, 0) for case in HOLDS]

    def row(server: str) -> list[str]:
        texts = []
        for key in keys:
            texts += tables.cells(server, key, {"p50Ms": 1, "p99Ms": 1, "maxMs": 1})
            texts.append(tables.ratio(server, key, "p99Ms"))
        return texts

    names = ("p50 ms", "p99 ms", "max ms", "p99 ratio to ours")
    return tables.table([f"{case.row}: {name}" for case in HOLDS for name in names], row)


def page_of(result: dict[str, Any]) -> str:
    """Of what is kept of a run."""
    groups: dict[str, str] = result["groups"]
    rivals, frameworks = (
        [name for name, group in groups.items() if group == of] for of in ("model server", "framework")
    )
    return page(cells(unpacked(result["rows"])), rivals, frameworks, result)


def page(found: Cells, rivals: list[str], frameworks: list[str], facts: dict[str, Any]) -> str:
    losses = lost(found, rivals)
    tables = Tables(found, losses)
    met = [(goal.says, "met" if goal.met else "**not met**", goal.found) for goal in goals(found, rivals)]
    sections = [("Small request, one core", small(tables, 1)), ("Small request, two cores", small(tables, 2))]
    for case in BODIES + OTHERS:
        title = f"{case.row[0].upper()}{case.row[1:]}; {case.clients} client{'s' * (case.clients > 1)}, one core"
        sections.append((title, loaded(tables, case)))
    sections.append(("Liveness probe while predict holds the GIL, one core", health(tables)))
    shown = "\n\n".join(f"## {title}\n{text}" for title, text in sections)
    errors = "\n".join(f"{number}. {error}" for number, error in enumerate(tables.errors, 1))
    return f"""# Model servers side by side

`make bench-serving`: the same functions behind each server, written as its own documentation has it, newest releases at
their defaults; the same client in the same run. {facts["machine"]}.
{_provisional(facts)}
{table(("goal", "", "found"), met)}

{shown}

## Where ours is behind
By the medians, noise or not. Behind model servers:

{_losses(losses) or "nowhere"}

Behind {" and ".join(frameworks) or "a framework"}, no model server and no part of the goals:

{_losses(lost(found, frameworks)) or "nowhere"}

## Errors
{errors or "none"}

{_how(found, facts)}"""


def _how(found: Cells, facts: dict[str, Any]) -> str:
    servers = [(name, each["version"], each["says"]) for name, each in facts["servers"].items()]
    return f"""## How it was measured
{table(("server", "version", "how it is served and asked"), servers)}

- The small request is the seed's, `{{"x": 3, "y": "hello world"}}` to 17. The bodies are the same with a longer `y`.
- Rounds: {facts["rounds"]}. In each every server is started, asked row by row for {facts["seconds"]} s (the small
  request for {facts["smallSeconds"]} s) and stopped; each round begins with another server. A cell is the median of
  the rounds, in parentheses the best.
- CPU is utime + stime of the server's whole process tree (ours: server and worker) over the answers counted. Memory is
  the tree's PSS after the small requests. Start is from the first process to the first answer.
- One core: the server on core {facts["one"]}, the client on {facts["clientOfOne"]}. Two cores: the server on
  {facts["two"]}, the client on {facts["clientOfTwo"]}{facts["shared"]}.
- The client is {facts["client"]} with one thread. A script looks at every answer's status, length and text; one answer
  of each row is compared as a whole. It takes {facts["clientUs"]} CPU us for a small request, the same for all: where a
  server's rate comes near one over that, the client is the limit. Each request carries a `traceparent`.
- The probe: a GET every 20 ms, each on a new connection, while one request after the other holds the lock.
- Noise: {_noise(found)}.
  Whatever else ran on the machine took {facts["othersCores"]} of a core while a cell was measured, in the median; the
  load before and after was {facts["loadBefore"]} and {facts["loadAfter"]}.
"""


def _provisional(facts: dict[str, Any]) -> str:
    busy = f"other programs took {facts['othersCores']} of a core meanwhile"
    return provisional(facts["rounds"], busy if facts["othersCores"] > QUIET_CORES else "", ", goals and losses too")


def provisional(rounds: int, busy: str, also: str = "") -> str:
    """A run that is short, or shared the machine, says that everything works and not how fast it is."""
    why = [f"{rounds} of {FULL_ROUNDS} rounds"] if rounds < FULL_ROUNDS else []
    why += [busy] if busy else []
    return f"\n**Provisional**{also}: {', '.join(why)}.\n" if why else ""


def _noise(found: Cells) -> str:
    differ = sorted(noise(found).items(), key=lambda each: each[1])
    if not differ:
        return "not measured"
    (worst, most), (_, middle) = differ[-1], differ[len(differ) // 2]
    return (
        f"two equal copies of ours (the first two lines of each table) differ in CPU by {middle * 100:.0f} % in the "
        f"median row and by {most * 100:.0f} % at most ({_row(worst)})"
    )


def _said_once(texts: list[str]) -> list[str]:
    """An error that fills a line is read once."""
    seen: set[str] = set()
    shown = []
    for text in texts:
        shown.append("" if text in seen else text)
        if text.startswith(("error ", "n/a: ")):
            seen.add(text)
    return shown


def figure(value: float) -> str:
    """Three digits are more than the noise leaves."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _losses(losses: list[Lost]) -> str:
    lines = []
    for each in losses:
        scale, unit = UNITS[each.measure]
        lines.append(
            f"- {_row(each.key)}: {figure(each.ours * scale)} {unit}, {each.server} {figure(each.theirs * scale)}"
        )
    return "\n".join(lines)


def _row(key: Key) -> str:
    clients = f", {key[2]} client{'s' * (key[2] > 1)}" if key[0] == "small" else ""
    return f"{key[0]}, {'one core' if key[1] == 1 else 'two cores'}{clients}"
