"""The prediction as JSON text. Only the worker knows NumPy and its kin, and it recognises them by what they can do:
nothing is imported for it.

| what predict_fn returns, or holds anywhere inside | JSON |
|---|---|
| None, bool, int, float, str, list, tuple, dict | as json does; NaN and infinities are refused, or null if so chosen |
| NumPy scalars and arrays, torch, JAX and TensorFlow tensors, pandas and polars Series | number or (nested) list |
| pandas DataFrame, polars DataFrame | list of one object per row |
| pydantic 1 and 2 models (aliases used, root models unwrapped), dataclasses, attrs | object |
| datetime, date, time | ISO 8601 string; timedelta: seconds; pandas NaT and NA: null |
| Decimal, UUID, paths | string |
| Enum | its value |
| bytes, bytearray, memoryview | base64 string |
| set, frozenset, deque, range, dict views, other mappings | list, sorted when a set can be; object |
| keys of objects: str, numbers, bool, None, Enum, date and time, UUID, Decimal, NumPy scalars | string |

Anything else is an error that names the place and what to do.
"""

from __future__ import annotations

import base64
import collections
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import uuid
from typing import Any, Callable

from bundle_runtime.worker.encode.pydantic_models import apply_encoding_rules
from bundle_runtime.worker.failures import NotJSON

_WHAT_TO_DO = "return numbers, strings, lists and dicts (or NumPy, pandas, torch, pydantic or dataclass values)"
_TIMES = {"M": "datetime64[us]", "m": "timedelta64[us]"}
_SCALARS = (str, int, float, bool, type(None))


def encoder(default: Callable[[Any], Any]) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default)


def encode(value: Any, using: json.JSONEncoder | None = None, not_finite: str = "error") -> bytes:
    """``using`` is an encoder() whose default knows more than convert(); ``not_finite`` is "error" or "null"."""
    using = using or _encoder
    try:
        try:
            text = using.encode(value)
        except (
            TypeError
        ):  # a key that is not a string, or a value that default() refused: the slow walk tells them apart
            text = using.encode(plain(value, "$", not_finite=not_finite))
        except ValueError:
            if not_finite != "null":
                raise
            text = using.encode(plain(value, "$", not_finite=not_finite))
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotJSON(
            f"the prediction holds text that is not valid Unicode ({error}): decode it properly first"
        ) from None
    except RecursionError:
        raise NotJSON("the prediction is nested too deeply, or holds itself: return a flat structure") from None
    except ValueError as error:
        found = _find_not_finite(value, "$", 0, {})
        if found is not None:
            raise NotJSON(
                f"the prediction holds {found[1]} at {found[0]}, which JSON does not have: "
                'replace it before you return, or set not_finite = "null" on predict_fn to have null in its place'
            ) from None
        raise NotJSON(f"the prediction cannot be JSON: {error}; {_WHAT_TO_DO}") from None


def convert(value: Any) -> Any:
    """One step towards JSON for a value that json does not know; TypeError when there is none."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return None if value != value else value.isoformat()  # pandas NaT is a datetime that is not itself
    if isinstance(value, datetime.timedelta):
        return None if value != value else value.total_seconds()
    if isinstance(value, (decimal.Decimal, uuid.UUID, pathlib.PurePath)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, (set, frozenset)):
        return _sorted(value)
    if isinstance(value, (range, collections.deque, collections.abc.KeysView, collections.abc.ValuesView)):
        return list(value)
    if isinstance(value, type):
        raise TypeError("a class")
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return _duck(value)


def _duck(value: Any) -> Any:
    kind = type(value)
    if callable(getattr(value, "model_dump", None)) and hasattr(kind, "model_fields"):  # pydantic 2
        try:
            text = value.model_dump(mode="json", by_alias=True)
        except ValueError:  # it holds what pydantic has no rule for, and these here have
            return value.model_dump(by_alias=True)
        return apply_encoding_rules(text, value.model_dump(by_alias=True))
    if hasattr(kind, "__fields__") and callable(getattr(value, "dict", None)):  # pydantic 1
        fields = value.dict(by_alias=True)
        return fields["__root__"] if set(fields) == {"__root__"} else fields
    if hasattr(value, "columns") and callable(getattr(value, "to_dicts", None)):  # polars DataFrame
        return value.to_dicts()
    if hasattr(value, "columns") and callable(getattr(value, "to_dict", None)):  # pandas DataFrame
        return value.to_dict(orient="records")
    if kind.__module__ == "numpy" and str(value.dtype).endswith(("[ns]", "[ps]", "[fs]", "[as]")):
        value = value.astype(_TIMES[value.dtype.kind])  # else tolist() makes bare integers of them
    for method in ("tolist", "to_list"):  # NumPy, torch, JAX, pandas and polars Series
        if callable(getattr(value, method, None)):
            return _progress(value, getattr(value, method)())
    if callable(getattr(value, "numpy", None)):  # TensorFlow
        return _progress(value, value.numpy())
    if kind.__name__ == "NAType":  # pandas.NA
        return None
    if kind.__module__.partition(".")[0] == "pydantic" and hasattr(value, "get_secret_value"):
        return str(value)  # stars
    if hasattr(kind, "__attrs_attrs__"):
        return {field.name: getattr(value, field.name) for field in kind.__attrs_attrs__}
    if isinstance(value, collections.abc.Mapping):
        return dict(value)
    raise TypeError(f"a {kind.__module__}.{kind.__qualname__}")


def _progress(before: Any, after: Any) -> Any:
    """numpy.longdouble.tolist() gives itself back: without this json would ask forever."""
    if type(after) is type(before):
        return float(after)
    return after


_encoder = encoder(convert)


def plain(value: Any, path: str, depth: int = 0, not_finite: str = "error") -> Any:
    """The same rules by hand, for keys that json refuses and for errors that name the place."""
    if depth > 500:
        raise RecursionError
    if isinstance(value, enum.Enum):
        return plain(value.value, path, depth + 1, not_finite)
    if isinstance(value, _SCALARS):
        return None if not_finite == "null" and isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(value, dict):
        return {_key(key, path): plain(item, f"{path}.{key}", depth + 1, not_finite) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{path}[{index}]", depth + 1, not_finite) for index, item in enumerate(value)]
    try:
        converted = convert(value)
    except TypeError as error:
        raise NotJSON(f"the prediction holds {error} at {path}, which JSON does not have: {_WHAT_TO_DO}") from None
    return plain(converted, path, depth + 1, not_finite)


def _key(key: Any, path: str) -> Any:
    if isinstance(key, _SCALARS) and not isinstance(key, enum.Enum):
        return key
    try:
        converted = None if isinstance(key, (bytes, tuple, frozenset)) else convert(key)
    except TypeError:
        converted = None
    if converted is None or not isinstance(converted, _SCALARS):
        raise NotJSON(f"the prediction has the key {key!r:.100} at {path}: keys must be strings, turn it into one")
    return converted


def _sorted(values: Any) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _find_not_finite(value: Any, path: str, depth: int, seen: dict[int, Any]) -> tuple[str, str] | None:
    """``seen``: what was looked through, by its id. In a tree whose nodes know their parent each way leads to all."""
    if isinstance(value, float):
        return None if math.isfinite(value) else (path, repr(float(value)))
    if isinstance(value, (str, int, type(None))) or depth > 100 or id(value) in seen:
        return None
    seen[id(value)] = value  # and is kept, so that the id stays its own
    items: Any
    if isinstance(value, dict):
        for key in value:
            if isinstance(key, float) and not math.isfinite(key):
                return path, f"the key {float(key)!r}"
        items = ((f"{path}.{key}", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        items = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    else:
        try:
            return _find_not_finite(convert(value), path, depth + 1, seen)
        except TypeError:
            return None
    for place, item in items:
        found = _find_not_finite(item, place, depth + 1, seen)
        if found is not None:
            return found
    return None
