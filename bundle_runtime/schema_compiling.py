"""A JSON Schema compiled in the one way that prepare proves and the server then uses."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from bundle_runtime.formats import FORMAT_CHECKS
from bundle_spec.json_schema import DIALECT
from bundle_spec.schema_dialect import DIALECTS, as_compiled, dialect

# Patterns without lookaround and backreferences take time that grows with the text; the others may try this often for
# one text (about 5 ms), and it does not match then. What is legitimate needs it only for texts of 100,000 characters.
BACKTRACKS = 100_000
_VALIDATORS = dict(
    zip(
        DIALECTS,
        (
            jsonschema_rs.Draft4Validator,
            jsonschema_rs.Draft6Validator,
            jsonschema_rs.Draft7Validator,
            jsonschema_rs.Draft201909Validator,
            jsonschema_rs.Draft202012Validator,
        ),
        strict=True,
    )
)


def compiled(schema: Any) -> jsonschema_rs.Validator:
    """By its draft. References stay inside: a server that fetches what a bundle names would be everybody's proxy."""
    validator = _VALIDATORS[dialect(schema) or DIALECT]
    return validator(
        as_compiled(schema),
        offline=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS),
        validate_formats=True,
        formats=FORMAT_CHECKS,
    )
