"""Whether a tag names the version that this checkout has, in all places: asked before anything is published.

Standard library only: it runs before there is an environment.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_RELEASED = "not released"


def problems(tag: str, root: Path = ROOT) -> list[str]:
    """What is to be changed before this tag may be published; empty when it may."""
    version = str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, and pyproject.toml has the version {version}: tag v{version}")
    for name in ("Chart.yaml", "charts/operator/Chart.yaml"):
        if not re.search(rf"^version: {re.escape(version)}$", (root / name).read_text(), re.MULTILINE):
            found.append(f"{name} has another version than {version}")
    heading = next((line for line in (root / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")), "")
    if heading.removeprefix("## ").partition(",")[0] != version:
        found.append(f"the first heading of CHANGELOG.md is {heading!r}, not of {version}")
    elif NOT_RELEASED in heading:
        found.append(f"CHANGELOG.md says that {version} is {NOT_RELEASED}: write the day in its place")
    return found


def main() -> int:
    """The exit code: 0 when the tag may be published, 1 when not, 2 for a wrong command."""
    if len(sys.argv) != 2:
        sys.stderr.write("say which tag: python3 -m tools.release.tag v1.2.3\n")
        return 2
    found = problems(sys.argv[1])
    sys.stderr.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
