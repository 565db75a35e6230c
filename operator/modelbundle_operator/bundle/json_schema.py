"""Whether a request or response schema is a JSON Schema that the server can use, said so that the author can act.

Nothing is compiled here: a schema is anybody's, and compiling one can take all time and memory. What only compiling
tells (a pattern that is not a regular expression) prepare tells, in the bundle's own pod.
"""

from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError

from bundle_spec.json_path import inside
from bundle_spec.schema_dialect import DIALECTS, dialect
from bundle_spec.schema_limits import problem

_LONGEST = 300
_METASCHEMAS = {
    address: jsonschema_rs.validator_cls_for({"$schema": address})({"$ref": address}, offline=True)
    for address in DIALECTS
}


def check_schema(schema: dict[str, Any]) -> str | None:
    """What is wrong, beginning with the place inside the schema; None when the schema is sound."""
    if found := problem(schema):
        return found
    try:
        _METASCHEMAS[dialect(schema) or DIALECTS[-1]].validate(schema)
    except ValidationError as error:
        return _explain(error)
    except BaseException as error:
        # a panic of the library is not an Exception, and one schema must not end the operator
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        return f": cannot be looked at ({type(error).__name__}: {str(error)[:_LONGEST]}): write it in a simpler way"
    return None


def _explain(error: ValidationError) -> str:
    what = error.message if len(error.message) <= _LONGEST else error.message[:_LONGEST] + "..."
    if "required" in error.instance_path and isinstance(error.instance, bool):
        # PyYAML writes the key y without quotes, kubectl reads YAML 1.1, where that is a boolean
        what += '. A name such as y, n, on or off without quotes is a boolean in YAML: write "y" in quotes'
    return f"{inside(error.instance_path)}: {what}"
