"""FILE or NAME on the command line: which of the two a word is, and the bundle behind it.

A bundle's name has no dot, slash or capital; a word with one of them, and -, is a file. So it never depends on what
lies in the directory. A clone in a file needs its base: from --base FILE, else from the cluster.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar

import click

from launch.cli.failure import Failure, missing
from launch.content import Content, ContentError, content_of_manifest, content_of_object
from launch.errors import APIError
from launch.kubernetes_api import container_logs, create_bundle, get_bundle, list_bundles, namespace_is_missing
from launch.manifest import NAME, ManifestError, name_problem, read_one
from launch.transport import connect

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

Command = TypeVar("Command", bound=Callable[..., Any])


def in_cluster(command: Command) -> Command:
    """The options that say where NAME is."""
    command = click.option("--context", help="The kubeconfig's context; else the current one.")(command)
    return click.option("-n", "--namespace", callback=_namespace, help="Of NAME; else the kubeconfig's.")(command)


def bundle_name(_context: Any, _parameter: Any, word: Optional[str]) -> Optional[str]:
    """A callback: a word that can be no bundle's name is wrong usage, and no cluster is asked for it."""
    problem = name_problem(word) if word is not None else ""
    if problem:
        raise click.BadParameter(problem)
    return word


def _namespace(_context: Any, _parameter: Any, word: Optional[str]) -> Optional[str]:
    if word is not None and not _NAMESPACE.fullmatch(word):
        raise click.BadParameter(f"{word!r} cannot name a namespace: lowercase letters, digits and -")
    return word


def with_bases(command: Command) -> Command:
    return click.option(
        "--base",
        "bases",
        metavar="FILE",
        multiple=True,
        help="Holds the base of a clone in FILE; else it is looked up in the cluster. May be given again.",
    )(command)


class Cluster:
    """The cluster that the options name, connected when it is first asked, as many words need none."""

    def __init__(self, namespace: Optional[str], context: Optional[str]) -> None:
        self.namespace, self._context = namespace, context
        self._connected: Optional[Tuple[Any, str]] = None

    def get(self, name: str) -> Dict[str, Any]:
        return get_bundle(*self._place(), name)

    def list(self) -> List[Dict[str, Any]]:
        """All of the namespace; that it is not there is an error, as it is never meant."""
        api, namespace = self._place()
        found = list_bundles(api, namespace)
        if not found and namespace_is_missing(api, namespace):
            raise APIError(404, f"there is no namespace {namespace} in this cluster")
        return found

    def create(self, manifest: Mapping[str, Any]) -> Dict[str, Any]:
        return create_bundle(*self._place(), manifest)

    def logs(self, bundle: str, container: str) -> Iterator[str]:
        return container_logs(*self._place(), bundle, container)

    def _place(self) -> Tuple[Any, str]:
        if self._connected is None:
            api, default = connect(self._context)
            self._connected = api, self.namespace or default
        return self._connected


def is_name(word: str) -> bool:
    return NAME.fullmatch(word) is not None


def content(word: str, cluster: Cluster, bases: Sequence[str] = ()) -> Content:
    """What the bundle runs that the word names, of the file or of the cluster."""
    return content_of_object(cluster.get(word)) if is_name(word) else content_of_file(word, cluster, bases)


def content_of_file(word: str, cluster: Cluster, bases: Sequence[str] = ()) -> Content:
    manifest = read_one(Path("/dev/stdin") if word == "-" else Path(word))
    return _resolved(manifest, word, cluster, {_name(base): base for base in map(_read_base, bases)}, ())


def _resolved(
    manifest: Dict[str, Any], where: str, cluster: Cluster, bases: Dict[str, Dict[str, Any]], line: Tuple[str, ...]
) -> Content:
    asked = manifest["spec"]["bundle"].get("cloneFrom")
    base = _base(asked["name"], cluster, bases, line) if asked else None
    try:
        return content_of_manifest(manifest, base)
    except ContentError as error:
        raise ContentError(f"{where}: {error}") from None


def _base(name: str, cluster: Cluster, bases: Dict[str, Dict[str, Any]], line: Tuple[str, ...]) -> Content:
    if name in line:
        raise ContentError(f"{line[0]} is derived from itself: {' -> '.join([*line, name])}")
    if name in bases:
        return _resolved(bases[name], name, cluster, bases, (*line, name))
    return content_of_object(cluster.get(name))


def _read_base(word: str) -> Dict[str, Any]:
    return read_one(Path(word))


def _name(manifest: Dict[str, Any]) -> str:
    return str((manifest.get("metadata") or {}).get("name"))


@contextmanager
def failures(command: str, as_json: bool = False) -> Iterator[None]:
    """What can go wrong with a bundle becomes the command's one message."""
    try:
        yield
    except APIError as error:
        reason = {404: "NotFound", 403: "Forbidden", 409: "AlreadyExists"}.get(error.status, "ApiError")
        raise Failure(str(error), reason=reason, as_json=as_json) from error
    except ImportError as error:
        raise missing(str(error.name), "client", command) from error
    except (ContentError, ManifestError) as error:
        raise Failure(str(error), reason="InvalidManifest", as_json=as_json) from error
