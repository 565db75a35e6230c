"""What the user may give as a file: app_config, and requirements. Read and checked before anything is packed."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

from bundle_spec.json_path import below
from bundle_spec.requirement_rule import entries_of_file, text_of_file, without_comment
from bundle_spec.requirements import check_requirements
from launch.bundle.manifest import ManifestError, read_value
from launch.errors import InvalidBundleError, WrongTypeError

DEEPEST = 200  # of objects and lists in each other; readers of JSON on the way give up at some depth of their own


def read_app_config(value: Union[Mapping[str, Any], str, "os.PathLike[str]", None]) -> Optional[Dict[str, Any]]:
    """The config of a dict, or of a YAML or JSON file, as plain JSON values, with tuples as lists; None when there is
    none.

    WrongTypeError when it is neither, or holds what JSON has no type for; InvalidBundleError when the file cannot be
    read or does not hold an object, or a value is not JSON: a key that is not a string, NaN.
    """
    if value is None:
        return None
    if isinstance(value, (str, os.PathLike)):
        try:
            value = read_value(Path(value))
        except ManifestError as error:
            raise InvalidBundleError(f"app_config: {error}") from error
        except RecursionError:
            raise InvalidBundleError(f"app_config: {value} is nested more than {DEEPEST} deep") from None
    if not isinstance(value, Mapping):
        raise WrongTypeError(f"app_config is a {type(value).__name__}: give a dict, or the path of a YAML file")
    plain: Dict[str, Any] = _plain(value, "app_config", ())
    return plain


def requirements_of_file(
    path: Union[str, "os.PathLike[str]", None], base_paths: Sequence[str] = ()
) -> Tuple[List[str], List[str]]:
    """The entries of a requirements file, and what is to be said; the path counts from the working directory, else
    from the base paths. A missing file is said and makes no entries; InvalidBundleError when it holds something else.
    """
    if path is None:
        return [], []
    if not isinstance(path, (str, os.PathLike)):
        raise WrongTypeError(f"requirements_path is a {type(path).__name__}: give the path of a requirements file")
    places = [Path(path), *(Path(base, path) for base in base_paths)]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        looked = ", ".join(str(place) for place in dict.fromkeys(place.parent.absolute() for place in places))
        return [], [f"the requirements file {path} does not exist in {looked}: the bundle has no requirements"]
    try:
        entries = entries_of_file(text_of_file(found.read_bytes()))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidBundleError(f"cannot read the requirements file {found}: {error}") from error
    return checked_requirements(entries, str(found)), []


def checked_requirements(entries: Iterable[str], what: str = "requirements") -> List[str]:
    """The entries as the install step of a pod will take them; InvalidBundleError names those that it would not."""
    if isinstance(entries, (str, bytes)) or not isinstance(entries, Iterable):
        raise WrongTypeError(f"{what} is a {type(entries).__name__}: give a list of strings")
    entries = list(entries)
    for index, entry in enumerate(entries):
        if not isinstance(entry, str):
            raise WrongTypeError(f"{what}[{index}] is a {type(entry).__name__}: give a string, such as numpy==1.26.4")
    try:
        check_requirements(entries)
    except ValueError as error:
        raise InvalidBundleError(str(error).replace("$.requirements[", f"{what}[", 1)) from None
    return [text for text in map(without_comment, entries) if text]


def _plain(value: Any, path: str, above: Tuple[int, ...]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # an enumeration's member is its text
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidBundleError(f"{path} is {value}, which JSON does not have: write it as a string")
        return float(value)
    if id(value) in above:
        raise InvalidBundleError(f"{path} holds itself, which JSON cannot say")
    if len(above) == DEEPEST:
        raise InvalidBundleError(
            f"app_config is nested more than {DEEPEST} deep ({path[:60]}...): flatten it, or put it into the artifact"
        )
    above = (*above, id(value))
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise InvalidBundleError(f"{path} has the key {name!r}, which is not a string: put it in quotes")
        return {name: _plain(entry, below(path, name), above) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, below(path, index), above) for index, entry in enumerate(value)]
    raise WrongTypeError(
        f"{path} is a {type(value).__name__}, which JSON does not have: write it as a string or number"
    )
