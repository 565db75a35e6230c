"""Finds bundles in the cluster as the client's words mean them: by id, by the newest of a name, by owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from bundle_spec.names import BUNDLE_NAME, MADE_FOR, OWNER
from launch.bundle.manifest import NAME
from launch.bundle.naming import created_at, display_name, label_value, owner_label
from launch.errors import APIError, WrongTypeError
from launch.model_bundle import ModelBundle

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


def owned(connection: "Connection", name: Optional[str] = None, everybody: bool = False) -> List[Dict[str, Any]]:
    """Those that you own and those without an owner, the newest first."""
    named = [f"{BUNDLE_NAME}={label_value(name)}"] if name is not None else []
    whose = [[]] if everybody else [[f"{OWNER}={owner_label(connection.user())}"], [f"!{OWNER}"]]
    all_listed = [bundle for part in whose for bundle in connection.list(selector=",".join([*named, *part]))]
    # a clone that serves an endpoint alone is not a version of its own
    listed = [bundle for bundle in all_listed if MADE_FOR not in (bundle["metadata"].get("annotations") or {})]
    if name is not None:
        listed = [bundle for bundle in listed if display_name(bundle) == name]
    return sorted(listed, key=created_at, reverse=True)


def named(connection: "Connection", word: Union[ModelBundle, str]) -> Dict[str, Any]:
    """The newest bundle of this name, your own first, else the object of this name; a ModelBundle with an id is it."""
    if isinstance(word, ModelBundle) and word.id is not None:
        return connection.get(word.id)
    name = _text(word)
    of_name = owned(connection, name) or owned(connection, name, everybody=True)
    return of_name[0] if of_name else _by_object_name(connection, name)


def found(connection: "Connection", word: Union[ModelBundle, str], everybody: bool = False) -> Dict[str, Any]:
    """The bundle of this id, else the newest of this name; a ModelBundle without an id is a name.

    `everybody` counts those of other owners too.
    """
    if isinstance(word, ModelBundle):
        return named(connection, word)
    try:
        return _by_object_name(connection, _text(word))
    except APIError as error:
        of_name = owned(connection, word, everybody) if error.status == 404 else []
        if not of_name:
            raise
        return of_name[0]


def _text(word: Union[ModelBundle, str]) -> str:
    if isinstance(word, ModelBundle):
        return word.name
    if not isinstance(word, str):
        raise WrongTypeError(f"model_bundle must be a ModelBundle or a text, it is a {type(word).__name__}")
    return word


def _by_object_name(connection: "Connection", name: str) -> Dict[str, Any]:
    if NAME.fullmatch(name):
        try:
            return connection.get(name)
        except APIError as error:
            if error.status != 404 or error.reason != "NotFound":
                raise
    raise APIError(
        404,
        f"there is no bundle {name!r} in namespace {connection.namespace}: neither an object of this name nor one that "
        "was created by it. `modelbundle list`, or list_model_bundles(everybody=True), shows those that there are",
        "NotFound",
    )
