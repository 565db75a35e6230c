"""docs/reference/cli.md, "Type hints": every row of its two tables, by the schemas that are made and by a real server.

A cell of values is spans of JSON; a row with the word `said` is one of which something is said to who packs it.
"""

from __future__ import annotations

import json
import re
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.schema_compiling import compiled
from launch.packing.schemas.models import both_or_none
from launch.packing.schemas.type_hints import ANY, schemas_of_hints
from tests.launch.cli.conftest import serve, tmp_path
from tests.launch.cli.test_serve import ask
from tools.testkit.page_blocks import ROOT, blocks

__all__ = ["serve", "tmp_path"]

PAGE = ROOT / "docs" / "reference" / "cli.md"
SECTION = PAGE.read_text().split("\n## Type hints\n")[1].split("\n## ")[0]
(NAMES,) = [block.text for block in blocks() if block.page == PAGE and block.is_python]


@dataclass(frozen=True)
class Row:
    """The first cell's code, and the values of the next two."""

    code: str
    takes: list[Any]
    refuses: list[Any]
    text: str

    @property
    def is_said(self) -> bool:
        return " said " in self.text

    @property
    def is_of_predictions(self) -> bool:
        return "the prediction" in self.text


def rows(columns: int) -> Iterator[Row]:
    for line in SECTION.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == columns and "`" in line:
            code, takes, refuses = (re.findall(r"`([^`]+)`", cell.replace(r"\|", "|")) for cell in cells[:3])
            yield Row(code[0], [json.loads(value) for value in takes], [json.loads(value) for value in refuses], line)
            for other in code[1:2] if cells[0].count("`") == 4 and columns == 4 else []:  # `Any`, `object`
                yield Row(other, [json.loads(v) for v in takes], [json.loads(v) for v in refuses], line)


HINTS = [row for row in rows(4) if not row.code.startswith("np")]
FUNCTIONS = list(rows(3))


def predict(signature: str) -> Any:
    """The function that a module with the page's names would define."""
    names: dict[str, Any] = {"__name__": __name__}
    source = f"{NAMES}\nfrom collections.abc import Iterator\ndef {signature}:\n    ...\n"
    exec(compile(source, "shown", "exec", dont_inherit=True), names)  # its hints are objects
    return names["predict"]


def test_the_tables_are_found_and_have_the_kinds_of_hints_that_there_are() -> None:
    assert len(HINTS) >= 30
    assert len(FUNCTIONS) >= 10
    shown = " ".join(row.text for row in HINTS)
    kinds = ("int", "float", "bool", "str", "None", "Optional", "Union", "list[", "dict[", "tuple[", "Literal[",
             "TypedDict", "dataclass", "Enum", "pydantic", "datetime", "bytes", "numpy", "Any", "text")  # fmt: skip
    assert [kind for kind in kinds if kind not in shown] == []


@pytest.mark.parametrize("row", HINTS, ids=lambda row: row.code)
def test_a_hint_makes_the_schema_of_its_row(row: Row) -> None:
    found = schemas_of_hints(predict(f"predict(x: {row.code}) -> int"))
    assert found is not None
    schema = found.request["properties"]["x"]
    last = row.text.rstrip("| ").rpartition(" | ")[2].strip("`")
    assert schema == (ANY if last == "any" else json.loads(last))
    assert bool(found.said) == row.is_said
    both_or_none(found.request, found.response)  # a cluster takes them


@pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.code)
def test_a_functions_parameters_and_result_are_the_schemas_of_its_row(row: Row) -> None:
    found = schemas_of_hints(predict(row.code if row.is_of_predictions or "x)" in row.code else f"{row.code} -> int"))
    if found is None:
        assert "there are no schemas" in row.text
        return
    schema = found.response if row.is_of_predictions else found.request
    assert [value for value in row.takes if not compiled(schema).is_valid(value)] == []
    assert [value for value in row.refuses if compiled(schema).is_valid(value)] == []


def test_a_server_takes_and_refuses_what_the_rows_say(serve: Any, tmp_path: Path) -> None:
    """One function with a parameter for each row, asked for each value of it; its hints are text."""
    parameters = ", ".join(f"x{number}: {row.code} = 0" for number, row in enumerate(HINTS))
    body = "    return {key: value for key, value in locals().items() if value != 0 or value is False}\n"
    (tmp_path / "shown.py").write_text(
        f"from __future__ import annotations\n{NAMES}\ndef predict({parameters}):\n{body}"
    )
    serving = serve(tmp_path / "shown.py")
    serving.wait_for_url()
    for number, row in enumerate(HINTS):
        said = [line for line in serving.lines if f" of x{number} " in line]
        assert bool(said) == row.is_said, row.code
        for value in row.takes:
            assert ask(serving.url, **{f"x{number}": value}) == {f"x{number}": value}, row.code
        for value in row.refuses:
            with pytest.raises(urllib.error.HTTPError, match="422"):
                ask(serving.url, **{f"x{number}": value})
