"""request_schema and response_schema: a pydantic class or a JSON Schema becomes one that the cluster keeps as it is.

The server checks each request and each response against them, so a schema that says less than the class, or that comes
back changed, would be a model that refuses its own answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict

from bundle_spec.exact_values import check_survives
from launch.errors import InvalidBundleError, WrongTypeError
from launch.packing.schemas.checks import problem
from launch.packing.schemas.pydantic_models import is_model, schema_of_model
from launch.packing.schemas.rewriting import surviving

_WAYS = "give a pydantic model class, or a JSON Schema as a dict"


def json_schema(model: Any, argument: str, mode: str) -> Dict[str, Any]:
    """The JSON Schema (2020-12) of `model`, a pydantic 1.10 or 2 class or a JSON Schema; `argument` is its name.

    `mode` is "request" or "response": pydantic 2 has a schema of what it takes and one of what it gives. Nulls that say
    nothing are dropped, the others are written as {"type": "null"}, and 1.0 is 1. WrongTypeError when it is neither,
    InvalidBundleError when it is not a valid schema, or holds a value that would not come back from the cluster.
    """
    if is_model(model):
        try:
            schema = schema_of_model(model, "validation" if mode == "request" else "serialization")
        except Exception as error:  # pydantic's own errors, and those of hooks in the user's class
            raise InvalidBundleError(f"{argument}: {model.__qualname__} has no JSON Schema: {error}") from error
    elif isinstance(model, Mapping):
        schema = dict(model)
    else:
        raise WrongTypeError(f"{argument} is {_named(model)}: {_WAYS}")
    try:
        schema = surviving(schema)
        check_survives(schema, argument)
        found = problem(schema)
    except RecursionError:
        raise InvalidBundleError(
            f"{argument} holds itself, or is nested too deep: write what is repeated in $defs, with a $ref to it"
        ) from None
    except ValueError as error:
        raise InvalidBundleError(f"{error}. A schema must hold JSON values only: {_WAYS}") from None
    if found:
        raise InvalidBundleError(f"{argument}{found}")
    return schema


def both_or_none(request_schema: Any, response_schema: Any) -> Dict[str, Any]:
    """The fields requestSchema and responseSchema, or {}; InvalidBundleError when one is given without the other."""
    given = {"request_schema": request_schema, "response_schema": response_schema}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == 2:
        return {}
    if missing:
        other = next(name for name in given if name not in missing)
        raise InvalidBundleError(f"{other} is given and {missing[0]} is not: give both schemas, or none")
    return {
        "requestSchema": json_schema(request_schema, "request_schema", "request"),
        "responseSchema": json_schema(response_schema, "response_schema", "response"),
    }


def _named(model: Any) -> str:
    if isinstance(model, type):
        return f"the class {model.__qualname__}, which is not a pydantic model"
    if is_model(type(model)):
        return f"an object of the pydantic model {type(model).__qualname__}, give the class itself"
    return f"a {type(model).__name__}"
