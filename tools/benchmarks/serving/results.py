"""From records to cells, ratios, what is lost and whether the goals are met: pure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from tools.benchmarks.serving.measure import Record

OURS = "Model Bundles"
AGAIN = "Model Bundles, again"
# how long a probe may take, what the small request may cost, and how many times more the best model server takes
PROBE_MS, SMALL_US, TIMES = 10.0, 45.0, 10.0
HIGHER_IS_BETTER = {"perSecond"}
NOT_SHOWN = {"clientUs", "othersCores"}  # of a cell: the facts of the run have them
COMPARED = ("cpuUs", "perSecond", "p50Us", "p99Us", "pssMiB", "wallSeconds", "cpuSeconds", "p99Ms")

Key = tuple[str, int, int]  # row, cores, clients (0 where there are none)


@dataclass(frozen=True)
class Cell:
    """One server in one row: by measure the median and the best of the rounds, or why there is none."""

    median: dict[str, float]
    best: dict[str, float]
    error: str = ""
    missing: str = ""  # why the server has no such thing


@dataclass(frozen=True)
class Lost:
    key: Key
    measure: str
    server: str
    ours: float
    theirs: float


@dataclass(frozen=True)
class Goal:
    says: str
    met: bool
    found: str


Cells = dict[str, dict[Key, Cell]]


def key_of(record: Record) -> Key:
    return record["row"], record["cores"], record.get("clients", 0)


def cells(records: list[Record]) -> Cells:
    """By server and row. A row that failed in any round stands with its error: a server has to hold each time."""
    found: dict[str, dict[Key, list[Record]]] = {}
    for record in records:
        found.setdefault(record["server"], {}).setdefault(key_of(record), []).append(record)
    return {server: {key: _cell(each) for key, each in rows.items()} for server, rows in found.items()}


def _cell(records: list[Record]) -> Cell:
    for record in records:
        if "error" in record or "missing" in record:
            return Cell({}, {}, record.get("error", ""), record.get("missing", ""))
    measures = [name for name, value in records[0].items() if isinstance(value, float)]
    values = {name: [record[name] for record in records] for name in measures}
    best = {name: (max if name in HIGHER_IS_BETTER else min)(each) for name, each in values.items()}
    return Cell({name: statistics.median(each) for name, each in values.items()}, best)


def lost(found: Cells, against: list[str]) -> list[Lost]:
    """Where the median of one of these servers is better than ours, be it by noise."""
    losses = []
    for key, ours in found[OURS].items():
        for server in against:
            theirs = found.get(server, {}).get(key)
            if theirs is None:
                continue
            for measure in COMPARED:
                if measure in theirs.median and (measure not in ours.median or _better(measure, theirs, ours)):
                    mine = ours.median.get(measure, float("nan"))
                    losses.append(Lost(key, measure, server, mine, theirs.median[measure]))
    return losses


def _better(measure: str, a: Cell, b: Cell) -> bool:
    x, y = a.median[measure], b.median[measure]
    return x > y if measure in HIGHER_IS_BETTER else x < y


def ratio(found: Cells, server: str, key: Key, measure: str = "cpuUs") -> float | None:
    ours, theirs = found[OURS].get(key), found[server].get(key)
    if ours is None or theirs is None or measure not in theirs.median or not ours.median.get(measure):
        return None
    return theirs.median[measure] / ours.median[measure]


def noise(found: Cells) -> dict[Key, float]:
    """By how much two equal copies of ours differ in CPU."""
    both = found.get(AGAIN, {})
    ratios = {key: ratio(found, AGAIN, key) for key in both}
    return {key: abs(each - 1) for key, each in ratios.items() if each is not None}


def goals(found: Cells, rivals: list[str]) -> list[Goal]:
    small: Key = ("small", 1, 32)
    ours = found[OURS].get(small, Cell({}, {}, "not measured"))
    cpu = ours.median.get("cpuUs")
    ratios = {name: each for name in rivals if name in found and (each := ratio(found, name, small)) is not None}
    best = min(ratios, key=lambda name: ratios[name], default=None)
    losses = lost(found, rivals)
    probes = {key[0]: cell for key, cell in found[OURS].items() if key[0].startswith("health")}
    times = {row: cell.median.get("p99Ms", float("inf")) for row, cell in probes.items()}
    return [
        Goal(
            f"at most {SMALL_US:g} CPU microseconds for the small request, all features on, 32 clients on one core",
            cpu is not None and cpu <= SMALL_US,
            ours.error if cpu is None else f"{cpu:.1f}, best round {ours.best['cpuUs']:.1f}",
        ),
        Goal(
            f"at least {TIMES:g} times fewer than the best model server",
            best is not None and ratios[best] >= TIMES,
            f"{ratios[best]:.1f} times fewer than {best}" if best else "no model server was measured",
        ),
        Goal(
            "never behind a model server on any row",
            bool(ratios) and not losses,
            f"behind in {len(losses)} cells" if losses else "behind in none" if ratios else "not measured",
        ),
        Goal(
            f"/healthz p99 at most {PROBE_MS:g} ms while predict holds the GIL",
            bool(times) and max(times.values()) <= PROBE_MS,
            ", ".join(f"{row.removeprefix('health: ')} {each:.1f} ms" for row, each in times.items()) or "not measured",
        ),
    ]


def packed(records: list[Record]) -> list[Record]:
    """A row for each cell, with a list of its rounds for each measure that cells are made of: what is kept of a run."""
    found: dict[tuple[str, Key], list[Record]] = {}
    for record in records:
        found.setdefault((record["server"], key_of(record)), []).append(record)
    return [_packed(each) for each in found.values()]


def _packed(records: list[Record]) -> Record:
    failed = next((record for record in records if "error" in record or "missing" in record), None)
    about = {name: records[0][name] for name in ("server", "row", "cores", "clients") if name in records[0]}
    if failed is not None:
        return about | {name: failed[name] for name in ("error", "missing") if name in failed}
    measures = [name for name, value in records[0].items() if isinstance(value, float) and name not in NOT_SHOWN]
    return about | {name: [record[name] for record in records] for name in measures}


def unpacked(rows: list[Record]) -> list[Record]:
    records = []
    for row in rows:
        rounds = max((len(value) for value in row.values() if isinstance(value, list)), default=1)
        for number in range(rounds):
            records.append({name: value[number] if isinstance(value, list) else value for name, value in row.items()})
    return records
