"""A JSON Schema compiled in the one way that prepare proves and the server then uses."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

# Patterns without lookaround and backreferences take time that grows with the text; the others may try this often for
# one text (about 5 ms), and it does not match then. What is legitimate needs it only for texts of 100,000 characters.
BACKTRACKS = 100_000


def compiled(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """References stay inside the schema: a server that fetches what a bundle names would be everybody's proxy."""
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS)
    return jsonschema_rs.Draft202012Validator(schema, offline=True, pattern_options=options)
