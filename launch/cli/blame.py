"""`modelbundle blame NAME FIELD`: which bundle of the line set this value."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

import click

from bundle_spec.json_path import Path, write
from launch.bundle.assignments import field_path
from launch.bundle.differences import MISSING
from launch.cli.bundle_argument import bundle_name
from launch.cli.completing import bundles
from launch.cli.errors import Failure
from launch.cli.options import ASKING, exit_on_error, in_cluster, output
from launch.connection_to import connection_to
from launch.lineage.blame import Blame, blame
from launch.lineage.family import Member, families, member_named
from launch.lineage.tree import shown


@click.command(name="blame")
@click.argument("name", callback=bundle_name, shell_complete=bundles)
@click.argument("field")
@in_cluster
@output("text", "json")
def command(name: str, field: str, namespace: Optional[str], context: Optional[str], output: str) -> None:
    """Print which ancestor of the bundle NAME gave FIELD the value that it has in NAME.

    FIELD is a path below spec.bundle, such as requirements, appConfig.mode or env.MODE, as `diff` prints them. Where
    ancestors are deleted and what is left does not settle it, all that it can have been are named.
    """
    try:
        path = field_path(field)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="FIELD") from error
    as_json = output == "json"
    with exit_on_error("blame", as_json, ASKING):
        member = member_named(families(connection_to(namespace=namespace, context=context).list()), name)
        if member is None:
            raise Failure(f"there is no bundle {name} in this namespace", reason="NotFound", as_json=as_json)
        found = blame(member, path)
        if found is None:
            raise Failure(
                f"{write(path)} is not set in {name}, and no bundle is known to have set it: `modelbundle diff` and "
                "`get` show the values that a bundle has",
                reason="NotSet",
                as_json=as_json,
            )
    click.echo(json.dumps(_json(name, path, found), ensure_ascii=False) if as_json else _text(member, path, found))


def _text(member: Member, path: Path, found: Blame) -> str:
    lines = [f"{write(path)} " + ("is not set" if found.value is MISSING else f"= {shown(found.value, 2000)}")]
    if len(found.candidates) == 1:
        setter = found.candidates[0]
        lines.append(f"set by {setter.name}{_away(member, setter)}")
    else:
        names = ", ".join(candidate.name for candidate in found.candidates)
        lines.append(f"set by one of {names}: they are deleted, and which of them is not known")
    if found.base is not None:
        lines.append(f"in {found.base.name} " + _was(found.before))
    return "\n".join(lines)


def _away(member: Member, setter: Member) -> str:
    steps = member.line().index(setter)
    where = [f"{steps} clone{'s' * (steps > 1)} up from {member.name}"] if steps else []
    where += ["deleted"] if setter.bundle is None else []
    where += [] if setter.parent else ["the root"]
    return f" ({', '.join(where)})" if where else ""


def _was(before: Any) -> str:
    return "it was not set" if before is MISSING else f"it was {shown(before, 2000)}"


def _json(name: str, path: Path, found: Blame) -> Dict[str, Any]:
    result: Dict[str, Any] = {"name": name, "path": write(path), "set": found.value is not MISSING}
    result.update({"value": found.value} if found.value is not MISSING else {})
    sure = len(found.candidates) == 1
    result.update({"setBy": found.candidates[0].name if sure else None})
    result["candidates"] = [{"name": item.name, "deleted": item.bundle is None} for item in found.candidates]
    if found.base is not None:
        result["base"] = {"name": found.base.name, **({"value": found.before} if found.before is not MISSING else {})}
    return result
