"""Which draft a JSON Schema is written in, and what of an older one needs a word: the same for all that read schemas.

Without `$schema` it is 2020-12, in which OpenAPI 3.0's `nullable` is understood beside. Pure, standard library only.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, Optional, Tuple

from bundle_spec.json_schema import DIALECT, Schema, rebuilt

DRAFT_4 = "http://json-schema.org/draft-04/schema"
DIALECTS = (
    DRAFT_4,
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    DIALECT,
)
# the formats that a text is checked for, as docs/reference/predict.md lists them; any other one is a remark
FORMATS = ("date", "date-time", "email", "ipv4", "ipv6", "time", "uri", "uuid")


def dialect(schema: Any) -> Optional[str]:
    """The draft by its address in DIALECTS; None for one that is not known."""
    named = schema.get("$schema", DIALECT) if isinstance(schema, dict) else DIALECT
    if not isinstance(named, str):
        return None
    address = named.rstrip("#")
    for known in DIALECTS:
        if address in (known, known.replace("http:", "https:"), known.replace("https:", "http:")):
            return known
    return None


def older_spelling(content: Schema, draft: str) -> Iterator[Tuple[str, str]]:
    """What this schema has that its draft does not, each keyword with what to write instead."""
    name_it = "or name the draft that it is written in by $schema"
    if draft == DIALECT and isinstance(content.get("items"), (list, tuple)):
        yield "items", f"is a list, as it was before 2020-12: write prefixItems, {name_it}"
    for keyword, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if draft != DRAFT_4 and isinstance(content.get(keyword), bool):
            why = "is true or false, as in draft 4 and OpenAPI 3.0"
            instead = f"write the number of {bound} here, and leave {bound} out" if content[keyword] else "leave it out"
            yield keyword, f"{why}: {instead}, {name_it}"
    if draft == DRAFT_4 and isinstance(content.get("id"), str) and not content["id"].startswith("#"):
        yield "id", "is below the root, where it moves what # means: leave it out"


def as_compiled(schema: Any) -> Any:
    """The schema as a validator of its draft takes it: without `$schema`, and with null where OpenAPI allows it."""
    if not isinstance(schema, dict):
        return schema
    copy: Dict[str, Any] = rebuilt(schema, _with_null)
    copy.pop("$schema", None)
    return copy


def _with_null(schema: Schema) -> Schema:
    kind = schema.get("type")
    if schema.get("nullable") is True and isinstance(kind, str) and kind != "null":
        return {**schema, "type": [kind, "null"]}
    return schema
