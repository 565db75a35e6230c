"""`modelbundle plan FILE|NAME`: what would become of a bundle, before anything is applied."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import click

from launch.bundle.content import ContentError, content_of_object
from launch.bundle.manifest import name_of, name_problem
from launch.cli.bundle_argument import content_of_read, is_name, read_file, with_bases
from launch.cli.completing import bundles_or_files
from launch.cli.options import asking, bundle_named, exit_on_error, in_cluster, output
from launch.doctor.facts import Finding, no
from launch.errors import APIError
from launch.table import table

if TYPE_CHECKING:
    from launch.plan.facts import Facts


@click.command(name="plan")
@click.argument("word", metavar="FILE|NAME", shell_complete=bundles_or_files)
@with_bases
@in_cluster
@output("text", "json")
def command(word: str, bases: Tuple[str, ...], namespace: Optional[str], context: Optional[str], output: str) -> None:
    """Say what would become of the ModelBundle in FILE (- is standard input), or becomes of the bundle NAME.

    The API server is asked whether it takes it (a dry run, which keeps nothing), the store how large the artifact is,
    and the nodes whether they have room. What you may not ask for is not looked at, and said. Exit codes: 0 nothing is
    in its way, 1 it would be refused or would not fit.
    """
    from launch.plan.lines import fits, planned

    with exit_on_error("plan", output == "json", asking(word)):
        facts = _facts(word, bases, namespace, context)
    findings = planned(facts)
    click.echo(as_json(facts, findings, fits(findings)) if output == "json" else as_text(facts, findings))
    sys.exit(0 if fits(findings) else 1)


def _facts(word: str, bases: Tuple[str, ...], namespace: Optional[str], context: Optional[str]) -> "Facts":
    from launch.client import LaunchClient
    from launch.plan.collect import of_file, of_name, refused

    if is_name(word):
        client = LaunchClient(namespace=namespace, context=context)
        bundle = bundle_named(client.connection, word)
        try:
            return of_name(client.connection, bundle, content_of_object(bundle), client._store)
        except ContentError as error:
            return refused(client.connection, name_of(bundle), no(str(error), "as its words say"))
    manifest = read_file(word)
    named = (manifest.get("metadata") or {}).get("namespace")
    client = LaunchClient(namespace=namespace or (named if isinstance(named, str) else None), context=context)
    name = name_of(manifest)
    if problem := name_problem(name):
        return refused(client.connection, name, no(f"refused: metadata.name: {problem}", "as its words say"))
    try:
        content = content_of_read(manifest, word, client.connection, bases)
    except ContentError as error:
        return refused(client.connection, name, no(f"refused: {error}", "as its words say"))
    except APIError as error:
        if error.status != 404:
            raise
        return refused(client.connection, name, no(f"its base is not there: {error}", "create the base first"))
    return of_file(client.connection, manifest, content, client._store)


def as_text(facts: "Facts", findings: Dict[str, Finding]) -> str:
    """A table, and below it what changes each no."""
    head = f"{facts.name or 'a bundle without a name'} in namespace {facts.namespace}"
    rows = [(name, found.answer, found.says) for name, found in findings.items()]
    changes = [f"{name}: {found.change}" for name, found in findings.items() if found.change]
    below = ["", "To change it:", *(f"  {line}" for line in changes)] if changes else []
    return "\n".join([head, table(("ABOUT", "ANSWER", "FOUND"), rows), *below])


def as_json(facts: "Facts", findings: Dict[str, Finding], good: bool) -> str:
    """The same for programs."""
    lines = [{"about": name, **found._asdict()} for name, found in findings.items()]
    known: Dict[str, Any] = {"name": facts.name, "namespace": facts.namespace, "fits": good}
    known["digest"] = facts.content.digest if facts.content is not None else None
    return json.dumps({**known, "lines": lines}, ensure_ascii=False)
