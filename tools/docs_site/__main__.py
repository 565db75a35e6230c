"""`python -m tools.docs_site`: builds build/site. A warning, or a file of another host in a page, fails it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tools.docs_site.nav import nav_of
from tools.docs_site.staging import stage

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CONFIG = Path(__file__).with_name("mkdocs.yml")
# what a browser loads by itself; links that a reader follows may lead anywhere
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*?\ssrc=["']?(?:https?:)?//[^"'\s>]+|url\(["']?https?://[^)]+"""
)
_STYLES = re.compile(r"""<link\b[^>]*?rel=["']?(?:stylesheet|preconnect|preload|icon)[^>]*?https?://[^>]+""")


def main() -> int:
    """The exit code."""
    pages = stage(ROOT, BUILD / "site-source")
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    nav = nav_of(index)
    examples = [page for page in pages if page.startswith("repository/examples/") and page.endswith("README.md")]
    nav.insert(2, {"Examples": sorted(examples, key=lambda page: (page.count("/"), page))})
    added = {"docs_dir": "site-source", "site_dir": "site", "nav": nav}
    config = BUILD / "mkdocs.yml"
    config.write_text(CONFIG.read_text(encoding="utf-8") + yaml.safe_dump(added, sort_keys=False), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--clean", "--quiet", "-f", str(config)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}  # of the theme; mkdocs 2 is not asked for
    done = subprocess.run(command, env=quiet, check=False)
    if done.returncode:
        return done.returncode
    foreign = foreign_files(BUILD / "site")
    for line in foreign:
        print(f"loaded from another host: {line}", file=sys.stderr)
    print(f"{len(list((BUILD / 'site').rglob('*.html')))} pages in {BUILD / 'site'}")
    return 1 if foreign else 0


def foreign_files(site: Path) -> list[str]:
    """Each file that a browser would fetch from another host than the site's."""
    found = []
    for file in sorted([*site.rglob("*.html"), *site.rglob("*.css"), *site.rglob("*.svg")]):
        text = file.read_text(encoding="utf-8")
        found += [f"{file.relative_to(site)}: {match}" for match in _LOADED.findall(text) + _STYLES.findall(text)]
    return found


if __name__ == "__main__":
    sys.exit(main())
