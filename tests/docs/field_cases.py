"""docs/explanation/field-cases.md, which is made of the cases that tests reproduce."""

from __future__ import annotations

from collections.abc import Iterable

from tests.bundle_runtime.advice.field import installs, stores
from tests.bundle_runtime.advice.field.case import RIGHT
from tests.bundle_runtime.advice.field.cases import CASES
from tests.bundle_runtime.advice.stand_ins import StandIn
from tests.serving import reported_requests

_HEAD = """# Failures that others reported

Each row is a failure that users of other ways to serve Python models have reported in public, in our words. A test
makes it happen here. Of {count} cases {right} were right before they were looked at; all are now.

## While a model loads, and in its functions
What was said before the [table of known failures](../how-to/troubleshooting.md#known-failures) had the row, and the row
that speaks now. Where the tests' machine cannot have such a failure, as it has no GPU and no PyTorch, the row is asked
with the words of the error: a stand-in.

{loading}

## Requirements
What the container `install` said, and the row that the operator adds.

{installing}

## The artifact store
What the container `prepare` said, and the row that the operator adds.

{fetching}

## Requests and predictions
How `POST /predict` answered, and how it does now; the error codes are those of [the
contract](../reference/pod-contract.md).

{requests}
"""


def field_cases() -> str:
    """The page."""
    loading = []
    for case in CASES:
        kind = " (stand-in)" if isinstance(case.failure, StandIn) else ""
        loading.append((case.happened, _link(case.source), case.before, _code(case.failure.code) + kind))
    installing = [(one.happened, _link(one.source), one.before, _code(one.code)) for one in installs.CASES]
    for source, happened, before, _, says in installs.RIGHT_BEFORE:
        installing.append((happened, _link(source), before, f'refused: "{says}"'))
    requests = [
        (asked.happened, _link(asked.source), asked.before, f'{asked.status} {asked.code}: "{asked.says}"')
        for asked in reported_requests.CASES
    ]
    fetching = [(one.happened, _link(one.source), one.before, _code(one.code)) for one in stores.CASES]
    for source, happened, before, says in stores.MENDED:
        fetching.append((happened, _link(source), before, f'"{says}"'))
    rows = [*loading, *installing, *fetching, *requests]
    return _HEAD.format(
        count=len(rows),
        right=sum(row[2] == RIGHT for row in rows),
        loading=_table(loading),
        installing=_table(installing),
        fetching=_table(fetching),
        requests=_table(requests),
    )


def _code(code: str) -> str:
    return f"[{code}](../how-to/troubleshooting.md#{code})"


def _link(source: str) -> str:
    repository, number = source.split("#")
    return f"[{source}](https://github.com/{repository}/issues/{number})"


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    head = "| What happened | Reported in | Said here before | Said now |\n|---|---|---|---|\n"
    return head + "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
