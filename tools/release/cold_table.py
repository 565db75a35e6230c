"""What a run from nothing took: the steps that the two commands printed, as a table."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# (seconds since the command began, what it printed)
Line = tuple[float, str]

_LOCAL_CLUSTER = re.compile(r"\[ *[\d.]+ s\] (?P<what>.+?)(?:: done)? in (?P<seconds>[\d.]+) s")
_BOOTSTRAP = re.compile(r"==> (?P<what>.+)")
_READY = ".venv is ready"
_PYTEST = re.compile(r"=+ (?P<what>.*\d+ (?:passed|failed|error|skipped).*) in (?P<seconds>[\d.]+)s.*=+")
_LONGEST = 88


@dataclass(frozen=True)
class Step:
    what: str
    seconds: float
    ended: float  # seconds after its command began; steps go on side by side


@dataclass(frozen=True)
class Command:
    name: str
    code: int | None  # None: it was interrupted
    seconds: float
    lines: list[Line] = field(default_factory=list)


def steps(lines: Iterable[Line]) -> Iterator[Step]:
    """`tools/bootstrap` says what begins, local_cluster and pytest say how long something took."""
    began: Line | None = None
    for at, text in lines:
        text = text.strip()
        if found := _BOOTSTRAP.fullmatch(text):
            if began:
                yield Step(began[1], at - began[0], at)
            began = None if found["what"] == _READY else (at, found["what"])
        elif found := _LOCAL_CLUSTER.fullmatch(text) or _PYTEST.fullmatch(text):
            yield Step(found["what"], float(found["seconds"]), at)


def table(commands: Iterable[Command]) -> str:
    rows = [("step", "took", "ended at")]
    for command in commands:
        rows += [("  " + _short(found.what), span(found.seconds), span(found.ended)) for found in steps(command.lines)]
        outcome = "interrupted" if command.code is None else f"exit code {command.code}"
        rows.append((f"{command.name}: {outcome}", span(command.seconds), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(f"{a:{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows)


def span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:2d} s"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
