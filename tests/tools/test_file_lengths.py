"""No Python file of the project is longer than 300 lines: a longer one has a second idea in it (CONTRIBUTING.md)."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300
FOLDERS = (
    "bundle_runtime", "bundle_spec", "deploy", "examples", "launch", "oip_conformance", "operator", "tests", "tools",
)  # fmt: skip


def lengths() -> dict[str, int]:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    return {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}


def test_no_file_is_longer_than_300_lines() -> None:
    found = lengths()
    assert "tests/tools/test_file_lengths.py" in found, "it looks where the files are"
    assert {name: count for name, count in found.items() if count > LONGEST} == {}
