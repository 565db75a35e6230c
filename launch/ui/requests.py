"""What the page asks of the command beside its stream: one bundle whole, the log of a container.

Each answer is a JSON object. A part that the viewer has no right to, or that cannot be had, is in `errors` by its name,
and the rest is there.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Protocol

from bundle_spec.names import KIND, PLURAL
from launch.errors import LaunchError
from launch.ui.detail import bundle_page, child_line, history, pod_line, yaml_of
from launch.ui.family import MOST_MEMBERS, family_page, root_of
from launch.ui.form import form

LONGEST_LOG = 256 * 1024  # characters


class Source(Protocol):
    """A cluster, or the directory of local bundles."""

    def get(self, plural: str, namespace: str, name: str) -> Dict[str, Any]:
        """The object; APIError 404 when there is none."""

    def pods(self, namespace: str, bundle: str) -> List[Dict[str, Any]]:
        """The pods of a bundle."""

    def events(self, namespace: str, kind: str, name: str) -> List[Dict[str, Any]]:
        """The events about one object."""

    def children(self, namespace: str, bundle: str) -> List[Dict[str, Any]]:
        """What the operator made for a bundle."""

    def family(self, namespace: str, root: str, name: str, most: int) -> List[Dict[str, Any]]:
        """The bundles with this root, and the clones of this one that are not resolved."""

    def log(self, namespace: str, pod: str, container: str, previous: bool) -> str:
        """The end of what a container wrote."""


class BadRequest(ValueError):
    """The page asked for what cannot be meant."""


def bundle(source: Source, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The page of one bundle."""
    namespace, name = text(asked, "namespace"), text(asked, "name")
    found = bundle_page(source.get(PLURAL, namespace, name))
    failed: Dict[str, str] = {}

    def part(title: str, ask: Callable[[], List[Dict[str, Any]]]) -> List[Dict[str, Any]]:
        try:
            return ask()
        except LaunchError as error:
            failed[title] = str(error)
            return []

    events = part("events", lambda: source.events(namespace, KIND, name))
    pods = part("pods", lambda: source.pods(namespace, name))
    children = part("children", lambda: source.children(namespace, name))
    return {
        **found,
        "history": history(found["conditions"], events),
        "pods": [pod_line(pod) for pod in pods],
        "children": [child_line(child) for child in children],
        "errors": failed,
    }


def yaml(source: Source, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The bundle as YAML; apart, as a large one takes a while to write."""
    return {"text": yaml_of(source.get(PLURAL, text(asked, "namespace"), text(asked, "name")))}


def try_it(source: Source, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The form of a request to the bundle."""
    return form(source.get(PLURAL, text(asked, "namespace"), text(asked, "name")))


def family(source: Source, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The bundle's family."""
    namespace, name = text(asked, "namespace"), text(asked, "name")
    shown = source.get(PLURAL, namespace, name)
    root = root_of(shown)
    found = source.family(namespace, root, name, MOST_MEMBERS)
    members = {item["metadata"]["name"]: item for item in [*found, shown]}
    return {"members": family_page(members.values(), name), "complete": len(found) < MOST_MEMBERS}


def log(source: Source, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The last lines of a container."""
    found = source.log(
        text(asked, "namespace"), text(asked, "pod"), text(asked, "container"), asked.get("previous") == "true"
    )
    return {"text": found[-LONGEST_LOG:], "cut": len(found) > LONGEST_LOG}


def text(asked: Mapping[str, Any], name: str) -> str:
    """The parameter; BadRequest where it is missing."""
    found = asked.get(name)
    if not isinstance(found, str) or not found:
        raise BadRequest(f"{name} is missing")
    return found


Answer = Callable[[Source, Mapping[str, Any]], Dict[str, Any]]
READS: Dict[str, Answer] = {"bundle": bundle, "family": family, "form": try_it, "yaml": yaml, "log": log}
