"""The section of docs/how-to/troubleshooting.md that is made of the table of known failures."""

from __future__ import annotations

import re
import textwrap

from bundle_runtime.advice.row import PHASES, Row, World
from bundle_runtime.advice.table import GROUPS, advice
from tests.bundle_runtime.advice.field.cases import STANDING_IN
from tests.bundle_runtime.advice.reading import CAPTURED
from tests.bundle_runtime.advice.stand_ins import STAND_INS

_HEAD = """
## Known failures

The last words of a message, `[docs/how-to/troubleshooting.md#...]`, name one of the sections below: what happened,
what to do, and what the container has said of such a failure. Each was made to happen for this page; where it says
stand-in, only the words of the error are real.

`spec.bundle` is immutable, so each says whether it takes a new bundle, which has another name. Where the artifact
stays, it can be a [clone](clones.md), which says the change alone; these are the commands, for each field that may be
to be changed ([all of them](families.md#change-one-value)):

```sh
modelbundle clone NAME --name NEW --requirements requirements.txt         # spec.bundle.requirements, all of them anew
modelbundle clone NAME --name NEW --env MODEL_PATH=model.pkl              # spec.bundle.env
modelbundle clone NAME --name NEW --set appConfig.mode=batched            # spec.bundle.appConfig
modelbundle clone NAME --name NEW --set envParams.pytorchImageTag=2.10    # the image, or by tensorflowVersion
modelbundle clone NAME --name NEW --set envParams.customBaseImage.tag=3.13
```

`spec.serving` (`resources`, `envFrom`, `nodeSelector`, ...) is edited in place: `kubectl edit mbun NAME`. Which VERSION
of a package you have says `pip show PACKAGE` in the environment in which the code works.
"""


def known_failures() -> str:
    """All rows, by what they are about."""
    parts = [_HEAD]
    for title, rows in GROUPS.items():
        parts.append(f"### {title}\n")
        parts += [_section(row) for row in rows]
    return "\n".join(parts).rstrip()


def _section(row: Row) -> str:
    said = f"{row.what} {row.do}".replace("{image}", World().image)
    text = re.sub(r"\{(\w+)\}", r"`<\1>`", said)
    wrapped = textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)
    where = _where(row)
    kept = CAPTURED / f"{row.code}.txt"
    if kept.exists():
        return f"#### {row.code}\n\n{wrapped}\n\n{where}:\n\n```console\n{kept.read_text().rstrip()}\n```\n"
    return f"#### {row.code}\n\n{wrapped}\n\n{where}; a stand-in:\n\n```console\n{_stand_in(row)}\n```\n"


def _where(row: Row) -> str:
    """The containers, and what they do then."""
    found: dict[str, list[str]] = {}
    for phase in row.phases:
        container, what = PHASES[phase]
        found.setdefault(container, []).append(what)
    text = "; ".join(f"{container}, while {' or '.join(whats)}" for container, whats in found.items())
    return textwrap.fill(f"Said of {text}", 120, break_on_hyphens=False)


def _stand_in(row: Row) -> str:
    sample = next((sample for sample in (*STAND_INS, *STANDING_IN) if sample.code == row.code), None)
    said = advice([sample.symptom], sample.world) if sample else None
    if sample is None or said is None:
        return "(not captured yet: make docs)"
    name = f"{sample.types[0]}: " if sample.types else ""
    return f"{name}{re.sub(r'[^ -~]+', ' ', sample.text).strip()}\n{said.text}"
