"""`modelbundle check FILE`: what a cluster would refuse, said without one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import click

from launch.api.offline_check import Checked, checked_bundles
from launch.bundle.manifest import ManifestError, parse
from launch.cli.bundle_argument import with_bases
from launch.cli.completing import files
from launch.cli.options import exit_on_error, output
from launch.cli.source_word import source_of


@click.command(name="check")
@click.argument("words", metavar="FILE...", nargs=-1, required=True, shell_complete=files)
@with_bases
@output("text", "json")
def command(words: Tuple[str, ...], bases: Tuple[str, ...], output: str) -> None:
    """Say all that a cluster would refuse of the ModelBundles in FILE (- is standard input), without asking one.

    For each bundle: its digest, or each field that is wrong and what to do. Not said: that a name is taken, what quotas
    and admission policies allow, and whether the artifact is there; `modelbundle serve FILE` fetches and loads it. The
    exit code is 1 when a bundle would be refused. The base of a clone may be in the same file.
    """
    for word in words:
        if source_of(word) is not None:
            raise click.UsageError(f"{word} is code, not a bundle: `modelbundle serve {word}` packs it and checks it")
    with exit_on_error("check", output == "json"):
        known = [manifest for word in bases for manifest in _read(word)]
        found = [(word, checked_bundles(_read(word), known)) for word in words]
    if output == "json":
        click.echo(json.dumps(_json(found), ensure_ascii=False))
    else:
        for word, bundles in found:
            for bundle in bundles:
                click.echo(_text(word, bundle))
    if any(bundle.problems for _, bundles in found for bundle in bundles):
        sys.exit(1)


def _read(word: str) -> List[Dict[str, Any]]:
    try:
        text = sys.stdin.read() if word == "-" else Path(word).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot read {word}: {error}") from error
    return parse(text, word)


def _text(word: str, bundle: Checked) -> str:
    known = bundle.digest or "as far as it can be known"
    head = f"{word}: {bundle.name or 'a bundle without a name'}: " + ("refused" if bundle.problems else f"ok, {known}")
    return "\n".join([head, *(f"  {line}" for line in [*bundle.problems, *bundle.notes])])


def _json(found: Sequence[Tuple[str, List[Checked]]]) -> Dict[str, Any]:
    rows = [
        {
            "file": word,
            "name": bundle.name,
            "ok": not bundle.problems,
            "digest": bundle.digest,
            "problems": bundle.problems,
            "notes": bundle.notes,
        }
        for word, bundles in found
        for bundle in bundles
    ]
    return {"ok": all(row["ok"] for row in rows), "bundles": rows}
