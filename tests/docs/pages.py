"""Writes the pages of docs/ that hold what a cluster printed: `make docs` runs the tests that keep it, then this.

`python -m tests.docs.pages` writes; tests/docs/test_made_pages.py compares.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml
from modelbundle_operator.settings import table

from tests.cluster.bad_rows import ROWS, Row
from tests.docs.commands import printed
from tests.docs.field_cases import field_cases
from tests.docs.known_failures import known_failures
from tests.docs.public_lists import public_lists
from tests.gitops.made_files import made_files, with_health
from tools.release.chart_values import rows as values

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
CAPTURED = ROOT / "tests" / "cluster" / "captured"


def pages() -> dict[str, Callable[[], str]]:
    """Each page and what makes what should be in it."""
    whole = {
        "how-to/troubleshooting.md": troubleshooting,
        "explanation/field-cases.md": field_cases,
        "explanation/public-requirement-lists.md": public_lists,
        "reference/kubectl.md": kubectl_page,
    }
    parts = {
        "how-to/families.md": with_commands,
        "reference/digest.md": with_commands,
        "how-to/install.md": install_page,
        "how-to/helm.md": lambda page: with_table("values", page, chart_values()),
        "reference/metrics.md": lambda page: with_table("alerts", page, alerts()),
        "how-to/gitops.md": with_health,
    }
    return {**whole, **{name: partial(_remade, name, make) for name, make in parts.items()}}


def _remade(name: str, make: Callable[[str], str]) -> str:
    """A page of which a part is made."""
    return make((DOCS / name).read_text())


def troubleshooting() -> str:
    parts = [_TROUBLE_HEAD, "| reason | when | what then |", "|---|---|---|"]
    for row in ROWS:
        parts.append(f"| [`{row.reason}`](#{row.reason.lower()}-{row.name}) | {row.title} | {_then(row)} |")
    parts.append("| refused | An unknown framework | the API server says which there are |")
    for row in ROWS:
        parts += [
            f"\n## {row.reason}: {row.name}\n",
            textwrap.fill(f"{row.title}: {_then(row)}.", 120) + "\n",
            _console(f"bad-{row.name}"),
        ]
    parts += [
        "\n## Refused: unknown framework\n",
        "The API server refuses what the schema excludes, so there is no object and no condition:\n",
        _console("refused-unknown-framework"),
        _TROUBLE_TAIL,
        known_failures() + "\n",
    ]
    return "\n".join(parts)


def kubectl_page() -> str:
    return "\n".join(
        [
            _KUBECTL_HEAD,
            "## get\n", _console("get"),
            "\n## A family of clones\n", _console("family"),
            "\n## An endpoint that moves\n", _console("endpoint"),
            "\n## describe\n", _console("describe"),
            "\n## explain\n", _console("explain"),
            "\n## An edit of spec.bundle is refused\n", _console("refused-edit"),
        ]
    )  # fmt: skip


def install_page(page: str) -> str:
    """The page with the table of settings."""
    rows = ["| value | variable | default | meaning |", "|---|---|---|---|"]
    for variable, default, meaning in table():
        if variable not in _NOT_UNDER_SETTINGS:
            rows.append(f"| `{_value(variable)}` | `{variable}` | {f'`{default}`' if default else ''} | {meaning} |")
    return with_table("settings", page, rows)


def chart_values() -> list[str]:
    """Every value of the chart, by the comments of its values.yaml."""
    rows = [f"| `{path}` | `{default}` | {meaning} |" for path, default, meaning in values()]
    return ["| value | default | meaning |", "|---|---|---|", *rows]


def alerts() -> list[str]:
    """Every alert of the chart."""
    groups = yaml.safe_load((ROOT / "charts/operator/monitoring/alerts.yaml").read_text())["groups"]
    rows = ["| alert | fires when | what then |", "|---|---|---|"]
    for rule in (rule for group in groups for rule in group["rules"]):
        annotations = {
            name: re.sub(r"\{\{ \$(?:labels\.)?(\w+) \}\}", r"<\1>", text) for name, text in rule["annotations"].items()
        }
        rows.append(f"| `{rule['alert']}` | {annotations['summary']} | {annotations['description']} |")
    return rows


def with_table(name: str, page: str, rows: list[str]) -> str:
    """The page with these rows between the table's two marks."""
    start, end = f"<!-- {name}: written by make docs -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.split(start)
    return before + start + "\n" + "\n".join(rows) + "\n\n" + end + rest.split(end)[1]


def with_commands(page: str) -> str:
    """The page with what the commands print, each between its two marks."""
    for name, text in printed().items():
        start, end = f"<!-- {name}: written by make docs -->\n", f"<!-- end of {name} -->"
        if start in page:
            before, rest = page.split(start)
            page = f"{before}{start}```console\n{text}```\n{end}{rest.split(end)[1]}"
    return page


def _value(variable: str) -> str:
    """MODELBUNDLE_PACKAGE_INDEX is packageIndex in the chart."""
    first, *others = variable.removeprefix("MODELBUNDLE_").lower().split("_")
    return first + "".join(word.capitalize() for word in others)


def _then(row: Row) -> str:
    if row.heal:
        return "heals once the cause outside the bundle is gone"
    if row.stalled:
        return "stays: only a new bundle, or a clone, with other content helps"
    return "is retried; the message says what a new bundle or `spec.serving` has to change"


def _console(name: str) -> str:
    file = CAPTURED / f"{name}.txt"
    text = file.read_text().rstrip() if file.exists() else "(not captured yet: make docs)"
    return f"```console\n{text}\n```"


# the chart sets them from values elsewhere
_NOT_UNDER_SETTINGS = {
    "MODELBUNDLE_RUNTIME_IMAGE",
    "MODELBUNDLE_PROBE_PORT",
    "MODELBUNDLE_WATCH_NAMESPACES",
    "MODELBUNDLE_LIMITS_DIRECTORY",
}

_TROUBLE_HEAD = """# Troubleshooting

`kubectl get modelbundles` shows for each bundle whether it is Ready and, in one word, why not; `kubectl describe mbun
NAME` has the whole message, which says what happened, where, and what to do next. This page is made of what kubectl
printed for each bad input of `tests/cluster/bad_rows.py` (`make docs`); the images in it are stand-ins. Of what goes
wrong in your code, your packages and your image there is a [list](#known-failures) of its own.
"""

_TROUBLE_TAIL = """
## The bundle is Ready, and a request fails

An answer with another status than 200 is `{"error": {"code": ..., "message": ..., "details": [...]}}`; the codes are
listed in [pod-contract.md](../reference/pod-contract.md#http). `PredictFailed` has the type and message of what
the user's code raised; the worker's log has its traceback, and with `serving.tracebacks` the answer too. `BodyTooLarge`
and `MemoryFull` say which limit was reached, and whether to send less or to send it again:
[the limits](../reference/pod-contract.md#queue-and-memory).

## The worker restarts with exit code 54, or says WorkerStalled

A call hung for longer than `requestTimeoutSeconds` and a minute, and the worker ended itself. Its last log (`kubectl
logs --previous POD -c worker`) has the stack of every thread; [draining.md](draining.md#a-worker-that-hangs) says when
that is. Raise `spec.serving.requestTimeoutSeconds` where the call is meant to take so long.

## The pod says Init:Error, or 1/2

`server` is a native sidecar, so kubectl counts it among the init containers; the bundle's conditions name the container
that failed. `kubectl logs POD -c prepare` (or install, server, worker) has what it wrote.
"""

_KUBECTL_HEAD = """# What kubectl shows

Printed by kubectl in a run of the cluster tests (`make docs`), so this is what it looks like; the image is a stand-in
that carries the tag of a real one.
"""


if __name__ == "__main__":
    for path, text in {**made_files(), **{DOCS / name: make() for name, make in pages().items()}}.items():
        path.write_text(text)
        print(f"wrote {path.relative_to(ROOT)}")
