"""The request that a worker predicts once before it is ready, `spec.serving.warmUp`, as prepare and worker get it."""

from __future__ import annotations

import json
from typing import Any, Dict, NoReturn

VARIABLE = "MODELBUNDLE_WARM_UP"
FIELD = "spec.serving.warmUp"


def fields_of(text: str) -> Dict[str, Any]:
    """The fields of the request; ValueError, to be read behind the field's name, for what POST /predict would not
    take."""
    try:
        fields = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not valid JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError("is no JSON object: write it as the body of a POST /predict")  # noqa: TRY004 - a bad value
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
