"""How the user's functions are called: the convention of the original, made kinder where it only ever raised.

Loaders: parameters named ``app_config`` and ``model`` are matched by name; else by position, the config first. Without
a config ``load_model_fn()`` and ``load_predict_fn(model)``; a function that insists on a config gets ``{}``, one that
takes none is called without.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Callable

from bundle_spec.json_schema import BRANCHES, branches

# from 3.14 on: those with such names are left as they are
_ANNOTATIONS: Any = {"annotation_format": 3} if sys.version_info >= (3, 14) else {}
CONFIG = "app_config"
MODEL = "model"
_MLFLOW = ". That is MLflow's form, and here each argument of predict_fn is a field of its own"
_OF_OTHER_SERVERS = {
    "instances": ". POST /v1/models/NAME:predict takes instances",
    "dataframe_split": _MLFLOW,
    "dataframe_records": _MLFLOW,
    "signature_name": ". POST /v1/models/NAME:predict takes what TensorFlow Serving does",
    "inputs": ". POST /v1/models/NAME:predict and POST /v2/models/NAME/infer take inputs",
}


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """None for what cannot be asked: some builtins; and what asks code that raises, as Python 3.14 does for annotations
    with names that only a type checker imports."""
    try:
        return list(inspect.signature(function, **_ANNOTATIONS).parameters.values())
    except Exception:
        return None


def call_load_model(function: Callable[..., Any], config: Any, has_config: bool) -> Any:
    args, kwargs = loader_arguments(function, config, has_config, {})
    return function(*args, **kwargs)


def call_load_predict(function: Callable[..., Any], config: Any, has_config: bool, model: Any) -> Any:
    args, kwargs = loader_arguments(function, config, has_config, {MODEL: model})
    return function(*args, **kwargs)


def loader_arguments(
    function: Callable[..., Any], config: Any, has_config: bool, given: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """``given`` is {"model": ...} for load_predict_fn and empty for load_model_fn."""
    parameters = _parameters(function)
    in_order = [*([CONFIG] if has_config else []), *given]
    values = {CONFIG: config if has_config else {}, **given}
    if parameters is None:
        return [values[name] for name in in_order], {}

    keyword_kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    kwargs: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name in values and parameter.kind in keyword_kinds:
            # an optional app_config keeps its default when the bundle has none
            if parameter.name == CONFIG and not has_config and parameter.default is not parameter.empty:
                continue
            kwargs[parameter.name] = values[parameter.name]

    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    open_places = [p for p in positional if p.name not in values]
    required = [p for p in open_places if p.default is p.empty]
    left = [name for name in in_order if name not in kwargs]

    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        places = len(left)
    else:  # an optional parameter beside a named one is an option of the function's own
        places = len(required if kwargs else open_places)
    chosen = _choose(left, places, len(required), CONFIG not in kwargs)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        kwargs.update({name: values[name] for name in left if name not in chosen})
    args = [values[name] for name in chosen]
    if args and kwargs:  # by name and by place at once: what stands before must not be taken by place
        return _by_place_names(open_places, args, kwargs)
    return args, kwargs


def _choose(left: list[str], places: int, required: int, config_is_open: bool) -> list[str]:
    """Which values go to the unnamed places, in order."""
    if len(left) > places:  # it takes fewer: the model is what matters
        return [name for name in left if name == MODEL][:places]
    if len(left) < required and config_is_open and CONFIG not in left:  # it insists on a config
        return [CONFIG, *left]
    return left


def _by_place_names(
    open_places: list[inspect.Parameter], args: list[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    by_name = {p.name: value for p, value in zip(open_places, args) if p.kind is not p.POSITIONAL_ONLY}
    return args[: len(args) - len(by_name)], {**by_name, **kwargs}


class Binder:
    """Turns a request's fields into the keyword arguments of predict_fn, and says it well when they do not fit."""

    def __init__(
        self, predict_fn: Callable[..., Any], schema_fields: frozenset[str], say: Callable[[str], None]
    ) -> None:
        self._schema_fields = schema_fields
        self._say = say
        self._said: set[str] = set()
        self.accepted: frozenset[str] | None = None  # None: takes everything
        self.required: frozenset[str] = frozenset()
        self._positional_only: list[str] = []
        parameters = _parameters(predict_fn)
        if parameters is None:
            return
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.required = frozenset(p.name for p in named if p.default is p.empty)
        self._positional_only = [p.name for p in named if p.kind is p.POSITIONAL_ONLY]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            self.accepted = frozenset(p.name for p in named)

    @property
    def fields(self) -> dict[str, list[str]]:
        """The names that a request may have (any name without ``takes``), and those that it must have."""
        may = {} if self.accepted is None else {"takes": sorted(self.accepted | self._schema_fields)}
        return {**may, "needs": sorted(self.required)}

    def bind(self, fields: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments; TypeError when the fields do not fit."""
        names = fields.keys()
        if self.accepted is not None and not names <= self.accepted:
            fields = self._without_extras(fields)
        if not self.required <= names:
            missing = ", ".join(sorted(self.required - names))
            raise TypeError(
                f"predict_fn needs {missing}, which the request does not have: send it, or give the parameter a default"
            )
        if not self._positional_only:
            return [], fields
        rest = dict(fields)
        return [rest.pop(name) for name in self._positional_only if name in rest], rest

    def _without_extras(self, fields: dict[str, Any]) -> dict[str, Any]:
        accepted = self.accepted or frozenset()
        extras = [name for name in fields if name not in accepted]
        unknown = [name for name in extras if name not in self._schema_fields]
        if unknown:
            takes = ", ".join(sorted(accepted)) or "no fields"
            raise TypeError(
                f"predict_fn takes {takes}; the request also has {', '.join(unknown)}: "
                "leave it out, or name it in the request schema to have it dropped"
                + next((said for name, said in _OF_OTHER_SERVERS.items() if name in unknown), "")
            )
        for name in extras:
            if name not in self._said:
                self._said.add(name)
                self._say(f"predict_fn does not take the field {name!r} of the request schema: it is dropped")
        return {name: value for name, value in fields.items() if name in accepted}


def schema_fields(schema: Any) -> frozenset[str]:
    """The names that a request schema gives to the fields of the request, through what looks at the same value."""
    found: set[str] = set()
    for node in branches(schema, schema, (*BRANCHES, "if", "then", "else")):
        properties = node.get("properties")
        if isinstance(properties, dict):
            found.update(properties)
    return frozenset(found)
