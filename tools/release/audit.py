"""`make audit`: whether a package of the locks has a known vulnerability, by pip-audit.

The answer is of today and of the internet, so it is no part of `make check`. What could not be asked is said, and is
no "none".
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.release.lock import LOCKS, PLACE, ROOT

VULNERABLE, NOT_ASKED = 1, 2


def audited(lock: Path) -> tuple[Any, str]:
    """pip-audit's report of a lock, and what it said where there is none."""
    program = Path(sys.executable).parent / "pip-audit"
    command = [
        str(program), "--requirement", str(lock), "--require-hashes", "--disable-pip", "--format", "json",
        "--progress-spinner", "off", "--timeout", "30",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout), ""
    except ValueError:
        return None, (done.stderr.strip().splitlines() or [f"pip-audit ended with {done.returncode}"])[-1]


def lines(name: str, report: Any) -> list[str]:
    """A line for each vulnerability: lock, package, version, advisory, and the versions without it."""
    return [
        f"{name}: {package['name']} {package['version']}: {found['id']}"
        + (f", in {', '.join(found['fix_versions'])} it is fixed" if found.get("fix_versions") else ", not fixed yet")
        for package in report["dependencies"]
        for found in package.get("vulns") or []
    ]


def unknown(report: Any) -> list[str]:
    """Packages that were not looked up: a mirror of the index has no advisories, and answers that there is no such."""
    return [package["name"] for package in report["dependencies"] if "skip_reason" in package]


def outcome(name: str, report: Any) -> tuple[list[str], int]:
    """What is printed of a lock, and the exit code that it gives."""
    found, missing, total = lines(name, report), unknown(report), len(report["dependencies"])
    said = [*found, f"{name}: {total - len(missing)} of {total} packages looked up, {len(found)} known vulnerabilities"]
    if missing:
        said.append(f"{name}: not looked up: {', '.join(missing)}")
    return said, VULNERABLE if found else NOT_ASKED if missing else 0


def main() -> int:
    """0: none is known; 1: there is one; 2: none is known, and at least one package was not looked up."""
    codes = set()
    for name in LOCKS:
        report, why = audited(PLACE / f"{name}.lock")
        said, code = outcome(name, report) if report else ([f"{name}: not looked up: {why}"], NOT_ASKED)
        sys.stdout.write("".join(f"{line}\n" for line in said))
        codes.add(code)
    if NOT_ASKED in codes:
        sys.stderr.write("make audit asks https://pypi.org: run it where that answers itself, and not a mirror of it\n")
    if VULNERABLE in codes:
        sys.stderr.write(f"`make lock LOCK_ARGS=--upgrade` takes newer versions into {PLACE.relative_to(ROOT)}\n")
    return VULNERABLE if VULNERABLE in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
