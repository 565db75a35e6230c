"""`modelbundle doctor`: what this cluster, namespace and store can do for a bundle, and what changes each no."""

from __future__ import annotations

import json
import sys
from typing import Dict, Optional, Tuple

import click

from launch.cli.options import exit_on_error, in_cluster, output
from launch.doctor.checks import GROUPS, exit_code, judged
from launch.doctor.facts import Facts, Finding
from launch.table import table


@click.command(name="doctor")
@click.option("--only", "groups", multiple=True, type=click.Choice(GROUPS), help="These checks. May be given again.")
@click.option("--secret-keys", is_flag=True, help="Read the artifact Secret, and try its keys below layers/.")
@in_cluster
@output("text", "json")
def command(
    groups: Tuple[str, ...], secret_keys: bool, namespace: Optional[str], context: Optional[str], output: str
) -> None:
    """Check the installation, the namespace and the artifact store, and say what changes each no.

    It makes nothing in the cluster, reads no Secret unless it is told to, and puts one small object into the store,
    which it removes. Exit codes: 0 nothing that a bundle needs says no, 3 a check that a bundle needs says no. What you
    may not ask for is unknown, and fails nothing.
    """
    from launch.client import LaunchClient
    from launch.doctor.collect import collect

    with exit_on_error("doctor", output == "json", "checking"):
        client = LaunchClient(namespace=namespace, context=context)
        facts = collect(client.connection, groups or GROUPS, client._store, secret_keys)
    findings = judged(facts, groups or GROUPS)
    click.echo(as_json(facts, findings) if output == "json" else as_text(findings))
    sys.exit(exit_code(findings))


def as_text(findings: Dict[str, Finding]) -> str:
    """A table, and below it what changes the answers that are not yes."""
    lines = table(("CHECK", "ANSWER", "FOUND"), [(name, found.answer, found.says) for name, found in findings.items()])
    changes = [f"{name}: {found.change}" for name, found in findings.items() if found.change]
    return lines + ("\n\nTo change it:\n" + "\n".join(f"  {line}" for line in changes) if changes else "")


def as_json(facts: Facts, findings: Dict[str, Finding]) -> str:
    """The same for programs."""
    checks = [{"name": name, **found._asdict()} for name, found in findings.items()]
    place = {"client": facts.client_version, "server": facts.server, "namespace": facts.namespace}
    return json.dumps({**place, "checks": checks}, ensure_ascii=False)
