"""What somebody else changed in our children, and the object without it."""

from typing import Any


def differs(live: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether `live` lacks or contradicts anything of `wanted`; what only `live` has does not count."""
    raise NotImplementedError


def foreign_fields(live: dict[str, Any]) -> dict[str, Any]:
    """The fieldsV1 tree of what only others own in spec, data and labels; empty when there is nothing."""
    raise NotImplementedError


def without_foreign(live: dict[str, Any]) -> dict[str, Any]:
    """`live` without `foreign_fields(live)`, to be written back by a PUT of our field manager."""
    raise NotImplementedError
