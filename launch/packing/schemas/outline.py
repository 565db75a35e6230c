"""What is wrong with a JSON Schema, as far as it can be found without jsonschema-rs, which old Pythons lack. Pure.

It refuses nothing that the operator takes, but for broken $defs that nothing uses; the operator's own check has the
last word. The limits have been asked before, which know a reference that leads nowhere. The jsonschema library would
say the same with five more packages, one of them compiled, in a hundred times the time, and not where schemas are
nested deep: its way into a schema is Python's recursion.
"""

from __future__ import annotations

import re
import warnings
from typing import Any, Callable, Dict, Iterator, Tuple

from bundle_spec.json_schema import DIALECT, MANY, NAMED, ONE, each
from bundle_spec.schema_dialect import DRAFT_4, dialect

_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
# of Python's regular expressions, whose errors these are in every dialect; the others are ECMA's as the server reads it
_BROKEN = re.compile(
    r"missing \)|unbalanced parenthesis|unterminated character set|bad character range|min repeat greater|"
    r"bad escape \(end of pattern\)"
)


def outline(schema: Dict[str, Any]) -> str:
    """The first problem, to be read after the argument's name; empty when there is none."""
    draft = dialect(schema) or DIALECT
    found = next((problem for part in each(schema) for problem in _problems(part, draft)), None)
    return f": {found}" if found else ""


def broken_pattern(pattern: str) -> str:
    """Why no reader of regular expressions takes it; empty when one may."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sets in sets, which Python reads in its own way
            re.compile(pattern)
    except re.error as error:
        return str(error) if _BROKEN.search(str(error)) else ""
    except (OverflowError, RecursionError):
        return "it is too big"
    return ""


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int) and value >= 0


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float))


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str) and not broken_pattern(value)


def _is_names_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_names, value.values()))


# what a keyword's value must be, where it is not a schema
_VALUES: Tuple[Tuple[str, str, Callable[[Any], bool]], ...] = (
    ("maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties",
     "a whole number, not negative", _is_count),
    ("exclusiveMaximum exclusiveMinimum maximum minimum", "a number", _is_number),
    ("multipleOf", "a number above 0", lambda value: _is_number(value) and value > 0),
    ("$anchor $comment $dynamicAnchor $dynamicRef $id contentEncoding contentMediaType description format title",
     "a text", lambda value: isinstance(value, str)),
    ("deprecated readOnly uniqueItems writeOnly", "true or false", lambda value: isinstance(value, bool)),
    ("enum examples", "a list", lambda value: isinstance(value, list)),
    ("required", "a list of names, each once", _is_names),
    ("dependentRequired", "an object of lists of names", _is_names_by_name),
    ("pattern", "a regular expression", _is_pattern),
)  # fmt: skip
_RULES = {keyword: (what, fits) for keywords, what, fits in _VALUES for keyword in keywords.split()}


def _problems(part: Dict[str, Any], draft: str) -> Iterator[str]:
    yield from _of_types(part.get("type", "object"))
    for keyword in sorted((ONE | MANY | NAMED) & set(part)):
        value = part[keyword]
        older = draft != DIALECT and keyword == "items" and isinstance(value, list)
        if not _holds_schemas("prefixItems" if older else keyword, value):
            yield f"{keyword} is {part[keyword]!r}, where a schema must be"
    for keyword in sorted(set(_RULES) & set(part)):
        what, fits = _RULES[keyword]
        of_draft_4 = draft == DRAFT_4 and keyword.startswith("exclusive") and isinstance(part[keyword], bool)
        if not fits(part[keyword]) and not of_draft_4:
            why = broken_pattern(part[keyword]) if keyword == "pattern" and isinstance(part[keyword], str) else ""
            yield f"{keyword} is {part[keyword]!r}; it must be {what}" + (f" ({why})" if why else "")
    for pattern in part["patternProperties"] if isinstance(part.get("patternProperties"), dict) else ():
        if broken_pattern(pattern):
            yield f"patternProperties has {pattern!r}, which is not a regular expression ({broken_pattern(pattern)})"


def _of_types(types: Any) -> Iterator[str]:
    for name in types if isinstance(types, list) else [types]:
        if name not in _TYPES:
            yield f"the type {name!r} does not exist; there are {', '.join(_TYPES)}"
            return
    if isinstance(types, list) and (not types or not _is_names(types)):
        yield f"type is {types!r}; it must name one type or more, each once"


def _holds_schemas(keyword: str, value: Any) -> bool:
    if keyword in NAMED:
        kinds = (dict, bool, list) if keyword == "dependencies" else (dict, bool)
        return isinstance(value, dict) and all(isinstance(entry, kinds) for entry in value.values())
    if keyword in ONE:
        return isinstance(value, (dict, bool))
    return isinstance(value, list) and bool(value) and all(isinstance(entry, (dict, bool)) for entry in value)
