"""What to try of a bundle that is served: a curl line whose request fits, and its page. The server says what fits, as
its worker knows the parameters of predict_fn where the bundle has no schema."""

from __future__ import annotations

import json
import shlex
from typing import Any, List

from launch.local.example_request import example_request
from launch.packing.schemas.checks import fits

COMPONENT = "#/components/schemas/PredictRequest"


def to_try(url: str) -> List[str]:
    """The lines."""
    import urllib.request  # late, as ssl comes with it

    try:
        with urllib.request.urlopen(url + "/openapi.json", timeout=10) as answer:
            document = json.load(answer)
    except (OSError, ValueError):
        document = {}
    request = example_request({"$ref": COMPONENT}, document)
    body = shlex.quote(json.dumps(request, ensure_ascii=False))
    fits = "" if fits_document(request, document) else "   # an outline: fill in what the schema asks for"
    return [
        f"try: curl {url}/predict -H 'content-type: application/json' -d {body}{fits}",
        f"or in a browser: {url}/docs",
    ]


def fits_document(request: Any, document: Any) -> bool:
    """Whether POST /predict takes the request, as far as the document says; True where nothing can check it."""
    return fits(request, {"$ref": COMPONENT, "components": document.get("components", {})})
