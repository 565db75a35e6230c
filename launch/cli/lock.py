"""`modelbundle lock FILE`: the file with pins for the image that ran and the requirements that were installed."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import click

from launch.bundle.content import Content, content_of_object
from launch.bundle.manifest import dump
from launch.cli.bundle_argument import bundle_name, content_of_file, with_bases
from launch.cli.completing import files
from launch.cli.errors import Failure
from launch.cli.options import asking, exit_on_error, in_cluster
from launch.cluster.api import container_logs
from launch.cluster.connection import Connection
from launch.connection_to import connection_to
from launch.lineage.lock import (
    Locked,
    LockError,
    files_in_log,
    installed_in_log,
    pinned_image,
    pinned_requirements,
    with_hashes,
)

INSTALL = "install"


@click.command(name="lock")
@click.argument("file", metavar="FILE", shell_complete=files)
@with_bases
@click.option(
    "--from",
    "ran",
    metavar="NAME",
    callback=bundle_name,
    help="Bundle of the same digest that ran; else the name in FILE.",
)
@click.option("--only", type=click.Choice(["image", "requirements"]), help="Pin this alone; else both.")
@click.option("--no-hashes", is_flag=True, help="Versions alone, for pods of several kinds of processor.")
@click.option(
    "--name", "new_name", metavar="NEW", callback=bundle_name, help="Name of the bundle that is written; else the same."
)
@in_cluster
def command(
    file: str,
    bases: Tuple[str, ...],
    ran: Optional[str],
    only: Optional[str],
    no_hashes: bool,
    new_name: Optional[str],
    namespace: Optional[str],
    context: Optional[str],
) -> None:
    """Print the bundle in FILE with exact pins: the digest of the image that ran and the versions that were installed.

    Both are taken from the cluster, where the bundle must have run: the image from status.imageID, the versions from
    the log of install in a pod that still exists (the right to read pods/log), checked against
    status.requirements.digest. Each requirement that was installed also gets the hash of its file, checked against
    status.requirements.files: no other file is installed for it then. The result is another bundle with another digest:
    give it a name of its own.
    """
    cluster = connection_to(namespace=namespace, context=context)
    with exit_on_error("lock", waits=asking(file)):
        found = content_of_file(file, cluster, bases)
        bundle = cluster.get(ran or found.name)
        _refuse_another(found, content_of_object(bundle))
        try:
            pins, locked = _pins(found, bundle, cluster, only, no_hashes)
        except LockError as error:
            raise Failure(f"cannot lock {file}: {error}", reason="NotKnown") from error
        spec = {**found.manifest["spec"], "bundle": {**found.manifest["spec"]["bundle"], **pins}}
        metadata = {**(found.manifest.get("metadata") or {}), **({"name": new_name} if new_name else {})}
    click.echo(dump({**found.manifest, "metadata": metadata, "spec": spec}), nl=False)
    if locked is not None and not no_hashes:
        _say(locked)


def _say(locked: Locked) -> None:
    """On standard error, as the bundle is on the other."""
    if locked.no_hashes:
        click.echo(f"The requirements have no hashes: {locked.no_hashes}.", err=True)
    if locked.built:
        were = "was" if len(locked.built) == 1 else "were"
        click.echo(
            f"{', '.join(locked.built)} {were} built from source: a hash says what is built, and not what comes of it.",
            err=True,
        )


def _refuse_another(found: Content, ran: Content) -> None:
    if found.digest != ran.digest:
        raise Failure(
            f"the bundle {ran.name} in the cluster is {ran.digest}, the file is {found.digest}: what ran there is "
            "another bundle. Name one of the same digest with --from",
            reason="AnotherBundle",
        )


def _pins(
    found: Content, bundle: Dict[str, Any], cluster: Connection, only: Optional[str], no_hashes: bool
) -> Tuple[Dict[str, Any], Optional[Locked]]:
    status = bundle.get("status") or {}
    pins: Dict[str, Any] = {}
    locked = None
    if only != "requirements":
        pins["envParams"] = pinned_image(found.fields["envParams"], status.get("imageID") or "")
    entries = found.fields.get("requirements")
    if entries and only != "image":
        locked = _locked(entries, bundle, cluster, no_hashes)
        pins["requirements"] = locked.entries
    return pins, locked


def _locked(entries: List[str], bundle: Dict[str, Any], cluster: Connection, no_hashes: bool) -> Locked:
    status = (bundle.get("status") or {}).get("requirements") or {}
    listed, log = _installed(bundle, cluster, status.get("digest") or "")
    pinned = pinned_requirements(entries, listed)
    if no_hashes or not listed:
        return Locked(pinned)
    files = files_in_log(log, status.get("files") or "")
    if files is None:
        return Locked(pinned, "status.requirements.files is not set, or no log of install has the list of that digest")
    return with_hashes(pinned, files, entries)


def _installed(bundle: Dict[str, Any], cluster: Connection, digest: str) -> Tuple[List[str], str]:
    """What was installed, and the log that says so."""
    name = bundle["metadata"]["name"]
    if not digest:
        raise LockError(f"status.requirements of {name} is not set: no pod of it has become ready yet")
    for log in container_logs(*cluster.place(), name, INSTALL):
        listed = installed_in_log(log, digest)
        if listed is not None:
            return listed, log
    raise LockError(
        f"no pod of {name} is there whose install log has the list of {digest}: the cluster keeps its digest only. "
        f"Serve it (`kubectl scale mbun {name} --replicas=1`), wait until it is Ready, and lock again"
    )
