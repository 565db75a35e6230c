"""Tensors against a bundle's schema, without their elements where datatype and shape are enough.

A plain schema of an object is one thing for its names and one for each property, so each tensor can be judged alone:
those that need a look at the elements get it, and do not make the image beside them pay.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import orjson

from bundle_runtime.contract import tensors
from bundle_runtime.schema_compiling import compiled
from bundle_runtime.server import weight as json_weight
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES
from bundle_runtime.server.protocols.oip import weight
from bundle_runtime.server.protocols.oip.fits import ANNOTATIONS, fits
from bundle_runtime.server.queue.calls import TensorHead

_BASE = ("$schema", "$id", "$defs", "definitions")
_OF_NAMES = frozenset(
    ("type", "properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties")
)
SHAPES_MAX = 256  # that a judgement is kept of: most models are asked for the same few
_REFERENCES = ("#/$defs/", "#/definitions/")


Needs = Callable[[int], None]  # raises when there is not that much memory


def _any(_: int) -> None:
    """No limit."""


class TensorCheck:
    """``accepts`` is certain; where it says no the whole schema has to look at all values."""

    def __init__(self, schema: Any, needs: Needs = _any) -> None:
        self._needs = needs
        self._root: dict[str, Any] = schema if isinstance(schema, dict) else {}
        self._plain = isinstance(schema, dict) and _is_closed(schema)
        self._base = {key: self._root[key] for key in _BASE if key in self._root}
        self._top = {key: value for key, value in self._root.items() if key not in _BASE}
        self._properties: dict[str, Any] = {}
        self._names: Callable[[Any], bool] | None = None
        self._each: dict[str, Callable[[Any], bool]] = {}
        if self._plain and _is_of_properties(self._top):
            self._properties = self._root.get("properties", {})
            self._names = compiled({**self._root, "properties": {name: {} for name in self._properties}}).is_valid
        self._fits = lru_cache(maxsize=SHAPES_MAX)(self._shape_fits)

    def accepts(self, heads: Sequence[TensorHead], data: Sequence[Any], *, single: bool = False) -> bool:
        """The tensors as the fields of an object, or the ``single`` one as the value itself."""
        if single:
            return self._plain and self._judged(None, heads[0], data[0])
        if self._names is None or not self._names({head["name"]: None for head in heads}):
            return False
        return all(self._accepts(head, part) for head, part in zip(heads, data, strict=True))

    def _accepts(self, head: TensorHead, data: Any) -> bool:
        name = head["name"]
        if name not in self._properties or self._judged(name, head, data):
            return True
        alone = self._each.get(name)
        if alone is None:
            alone = compiled({**self._base, "properties": {name: self._properties[name]}}).is_valid
            self._each[name] = alone
        return alone({name: value(head, data, self._needs)})

    def _judged(self, name: str | None, head: TensorHead, data: Any) -> bool:
        """The tensor as the property ``name``, or as the value itself, by what is certain of it."""
        datatype = head["datatype"]
        return (
            head["form"] != "json"
            and self._fits(name, datatype, () if _is_scalar(head) else tuple(head["shape"]))
            and (datatype not in tensors.FLOATS or tensors.plainly_finite(datatype, data))
        )

    def _shape_fits(self, name: str | None, datatype: str, shape: tuple[int, ...]) -> bool:
        return fits(self._top if name is None else self._properties[name], self._root, datatype, shape)


def value(head: TensorHead, data: Any, needs: Needs = _any) -> Any:
    """A tensor as JSON has it, for the schemas."""
    needs(weight.weight(head["datatype"], head["shape"], len(data)))
    values = tensors.unpack(head["datatype"], data, tensors.count(head["shape"]))
    form = head["form"]
    if form.startswith("base64"):
        values = [base64.b64encode(value).decode("ascii") for value in values]
    elif head["datatype"] == "BYTES":
        values = [value.decode("utf-8", "replace") for value in values]
    if form == "json":
        if len(values[0]) > UNCOUNTED_MAX_BYTES:
            needs(json_weight.weight(values[0].encode()))
        try:
            return orjson.loads(values[0])
        except orjson.JSONDecodeError as error:
            raise ValueError(f"the element of {head['name']!r} must be JSON text: {error}") from None
    return values[0] if _is_scalar(head) else tensors.nested(values, head["shape"])


def _is_scalar(head: TensorHead) -> bool:
    return head["form"] == "scalar" or (head["form"] == "base64" and tensors.count(head["shape"]) == 1)


def _is_of_properties(top: dict[str, Any]) -> bool:
    """It says something of the names and of each property, and of nothing across them."""
    return top.keys() <= ANNOTATIONS | _OF_NAMES and isinstance(top.get("additionalProperties", True), bool)


def _is_closed(schema: dict[str, Any]) -> bool:
    """Every reference leads to a definition, and means the same wherever the definitions are."""
    todo: list[Any] = [{key: value for key, value in schema.items() if key not in ("$schema", "$id")}]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            if any(key.startswith("$") and key not in ("$ref", "$defs", "$comment") for key in node):
                return False
            reference = node.get("$ref", _REFERENCES[0])
            if not isinstance(reference, str) or not reference.startswith(_REFERENCES):
                return False
            todo.extend(node.values())
    return True
