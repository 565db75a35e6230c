"""What `make audit` makes of pip-audit's report."""

from __future__ import annotations

from tools.release.audit import NOT_ASKED, VULNERABLE, lines, outcome

REPORT = {
    "dependencies": [
        {"name": "a", "version": "1.0", "vulns": []},
        {
            "name": "b",
            "version": "2.0",
            "vulns": [
                {"id": "GHSA-1", "fix_versions": ["2.1", "1.9"], "aliases": [], "description": ""},
                {"id": "PYSEC-2", "fix_versions": [], "aliases": [], "description": ""},
            ],
        },
        {"name": "c", "skip_reason": "Dependency not found on PyPI"},
    ]
}


def test_each_vulnerability_is_a_line_with_what_fixes_it() -> None:
    assert lines("operator", REPORT) == [
        "operator: b 2.0: GHSA-1, in 2.1, 1.9 it is fixed",
        "operator: b 2.0: PYSEC-2, not fixed yet",
    ]
    said, code = outcome("operator", REPORT)
    assert said[2:] == ["operator: 2 of 3 packages looked up, 2 known vulnerabilities", "operator: not looked up: c"]
    assert code == VULNERABLE


def test_what_was_not_looked_up_is_no_none() -> None:
    assert outcome("build", {"dependencies": REPORT["dependencies"][2:]})[1] == NOT_ASKED
    assert outcome("build", {"dependencies": REPORT["dependencies"][:1]}) == (
        ["build: 1 of 1 packages looked up, 0 known vulnerabilities"],
        0,
    )
