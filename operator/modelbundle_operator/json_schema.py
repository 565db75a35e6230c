"""Whether a request or response schema is a JSON Schema that the server can use, said so that the author can act."""

from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LONGEST = 300


def check_schema(schema: dict[str, Any]) -> str | None:
    """What is wrong, beginning with the place inside the schema; None when the schema is sound."""
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT:
        return f".$schema: {dialect!r} is not supported; leave $schema out, or write {DIALECT}"
    try:
        Draft202012Validator(schema, retriever=_refuse_remote)
    except ValidationError as error:
        return _explain(error)
    return None


def _explain(error: ValidationError) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
    what = error.message if len(error.message) <= _LONGEST else error.message[:_LONGEST] + "..."
    if "required" in error.instance_path and isinstance(error.instance, bool):
        # PyYAML writes the key y without quotes, kubectl reads YAML 1.1, where that is a boolean
        what += '. A name such as y, n, on or off without quotes is a boolean in YAML: write "y" in quotes'
    return f"{where}: {what}"


def _refuse_remote(uri: str) -> Any:
    raise ValueError(f"schemas are not fetched ({uri}): copy what is referred to into $defs")
