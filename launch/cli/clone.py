"""`modelbundle clone NAME --name NEW`: a new bundle that differs from NAME in what is said here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import click

from bundle_spec.requirement_rule import entries_of_file, text_of_file
from launch.bundle.assignments import env_entry, field_path, split, typed, with_value, without_value
from launch.bundle.clone import clone_of, with_env
from launch.bundle.content import Content, content_of_object, full_path
from launch.bundle.differences import differences
from launch.bundle.manifest import ManifestError, dump, read_value
from launch.cli.bundle_argument import bundle_name
from launch.cli.completing import bundles, files
from launch.cli.errors import Failure
from launch.cli.options import ASKING, exit_on_error, in_cluster, output
from launch.connection_to import connection_to
from launch.lineage.tree import summary

Change = Callable[[Dict[str, Any]], Dict[str, Any]]


@click.command(name="clone")
@click.argument("name", callback=bundle_name, shell_complete=bundles)
@click.option("--name", "new_name", metavar="NEW", required=True, callback=bundle_name, help="Name of the clone.")
@click.option("--set", "sets", metavar="PATH=VALUE", multiple=True, help="Such as appConfig.mode=batched.")
@click.option("--set-string", "strings", metavar="PATH=TEXT", multiple=True, help="Like --set, and always a text.")
@click.option("--unset", "unsets", metavar="PATH", multiple=True, help="Leave out a value inside a field.")
@click.option("--app-config", metavar="FILE", shell_complete=files, help="The whole appConfig, JSON or YAML.")
@click.option("--requirements", metavar="FILE", shell_complete=files, help="The whole requirements, one a line.")
@click.option("--env", "env", metavar="NAME=VALUE", multiple=True, help="A variable; NAME- removes one.")
@click.option("--request-schema", metavar="FILE", shell_complete=files, help="The whole requestSchema, JSON or YAML.")
@click.option("--response-schema", metavar="FILE", shell_complete=files, help="The whole responseSchema, JSON or YAML.")
@click.option("--replicas", type=click.IntRange(0, 2**31 - 1), help="Else as many as NAME has.")
@in_cluster
@click.option("--dry-run", is_flag=True, help="Create nothing.")
@output("text", "json", "yaml")
def command(
    name: str,
    new_name: str,
    sets: Tuple[str, ...],
    strings: Tuple[str, ...],
    unsets: Tuple[str, ...],
    app_config: Optional[str],
    requirements: Optional[str],
    env: Tuple[str, ...],
    request_schema: Optional[str],
    response_schema: Optional[str],
    replicas: Optional[int],
    namespace: Optional[str],
    context: Optional[str],
    dry_run: bool,
    output: str,
) -> None:
    """Create the bundle NEW, a clone of the bundle NAME that is served like it and differs in what is given here.

    In appConfig and the schemas a VALUE that is JSON is that value (3, true, [1, 2], "3"), anything else is text;
    elsewhere it is text. A whole field is set as JSON: {} and [] clear it. Files come first, then --set, --set-string
    and --unset. The clone names the digest of NAME, so it never silently becomes a clone of something else. `--dry-run
    -o yaml` prints the manifest instead, for Git.
    """
    as_json = output == "json"
    cluster = connection_to(namespace=namespace, context=context)
    with exit_on_error("clone", as_json, ASKING):
        try:
            files = _of_files(app_config, requirements, request_schema, response_schema)
            changes = [*_assigned(sets, typed), *_assigned(strings, lambda _, text: text), *map(_unset, unsets)]
            variables = [env_entry(text) for text in env]
        except ManifestError:
            raise
        except ValueError as error:  # the words, before the cluster is asked
            raise click.UsageError(str(error)) from error
        base = content_of_object(cluster.get(name))
        try:
            wanted = {**_without_config(base.fields, files), **files}
            for change in changes:
                wanted = change(wanted)
            clone, note = clone_of(base, new_name, with_env(wanted, variables) if variables else wanted, replicas)
        except ValueError as error:
            raise Failure(full_path(error), reason="InvalidValue", as_json=as_json) from error
        if not dry_run:
            cluster.create(clone.manifest)
    if note:
        click.echo(note, err=True)
    _print(base, clone, dry_run, output)


def _print(base: Content, clone: Content, dry_run: bool, output: str) -> None:
    if output == "yaml":
        click.echo(dump(clone.manifest), nl=False)
        return
    found = differences(base.fields, clone.fields)
    if output == "json":
        result = {"name": clone.name, "digest": clone.digest, "created": not dry_run}
        result["base"] = {"name": base.name, "digest": base.digest}
        click.echo(json.dumps({**result, "differences": [item.as_json() for item in found]}, ensure_ascii=False))
        return
    click.echo(f"{clone.name} {'would be ' if dry_run else ''}created, {clone.digest}")
    click.echo(f"changed against {base.name}: {summary(found)}")


def _of_files(
    config: Optional[str], requirements: Optional[str], request: Optional[str], response: Optional[str]
) -> Dict[str, Any]:
    fields: Dict[str, Any] = {}
    for field, file in (("appConfig", config), ("requestSchema", request), ("responseSchema", response)):
        if file is not None:
            fields[field] = read_value(Path(file))
    if requirements is not None:
        try:
            text = text_of_file(Path(requirements).read_bytes())
        except (OSError, UnicodeDecodeError) as error:
            raise ManifestError(f"cannot read {requirements}: {error}") from error
        fields["requirements"] = entries_of_file(text)
    return fields


def _without_config(fields: Mapping[str, Any], files: Mapping[str, Any]) -> Dict[str, Any]:
    """A file's appConfig takes the place of either spelling."""
    return {name: value for name, value in fields.items() if name != "appConfigJSON" or "appConfig" not in files}


def _assigned(texts: Tuple[str, ...], meaning: Callable[[Any, str], Any]) -> "list[Change]":
    changes = []
    for text in texts:
        path, value = split(text)
        changes.append(_change(path, meaning(path, value)))
    return changes


def _change(path: Any, value: Any) -> Change:
    return lambda fields: with_value(fields, path, value)


def _unset(text: str) -> Change:
    path = field_path(text)
    return lambda fields: without_value(fields, path)
