"""docs/explanation/field-cases.md, which is made of the cases that tests reproduce."""

from __future__ import annotations

from tests.bundle_runtime.advice.field.case import RIGHT
from tests.bundle_runtime.advice.field.cases import CASES
from tests.bundle_runtime.advice.stand_ins import StandIn

_HEAD = """# Failures that others reported

Each row is a failure that users of other ways to serve Python models have reported in public, in our words. It was made
to happen here: what was said of it before the [table of known failures](../how-to/troubleshooting.md#known-failures)
had the row, and the row that speaks now. Where this machine cannot have such a failure, as it has no GPU and no
PyTorch, the row is asked with the words of the error: a stand-in.

Of {count} cases {right} were right before; all are now.

| What happened | Reported in | Said of it here before | Said now |
|---|---|---|---|
"""


def field_cases() -> str:
    """The page."""
    rows = []
    for case in CASES:
        repository, number = case.source.split("#")
        kind = " (stand-in)" if isinstance(case.failure, StandIn) else ""
        happened = case.happened.replace("|", "\\|")
        link = f"[{case.source}](https://github.com/{repository}/issues/{number})"
        code = f"[{case.failure.code}](../how-to/troubleshooting.md#{case.failure.code})"
        rows.append(f"| {happened} | {link} | {case.before} | {code}{kind} |")
    right = sum(case.before == RIGHT for case in CASES)
    return _HEAD.format(count=len(CASES), right=right) + "\n".join(rows) + "\n"
