"""The formats of texts that the server checks: those that mean the same to everybody who writes them.

The library checks `date`, `email`, `ipv4`, `ipv6` and `uri`; `uuid` it knows in newer drafts only. `date-time` and
`time` are taken without an offset too, as Python and pydantic write them. Other formats are remarks, as 2020-12 has it:
what calls itself a duration or a hostname differs from library to library.
"""

from __future__ import annotations

import datetime
import re

from bundle_spec.schema_dialect import FORMATS

# what jsonschema_rs would check beside FORMATS
_LIBRARY = (
    "duration", "hostname", "idn-email", "idn-hostname", "iri", "iri-reference", "json-pointer", "regex",
    "relative-json-pointer", "uri-reference", "uri-template",
)  # fmt: skip
_TIME = r"(?P<time>\d\d:\d\d:(?P<second>\d\d))(?:\.\d+)?(?:[Zz]|[+-](?P<hour>\d\d):(?P<minute>\d\d))?"
_TIMES = re.compile(_TIME)
_DATE_TIMES = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)[Tt ]" + _TIME)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_date_time(text: str) -> bool:
    """RFC 3339, with or without an offset."""
    match = _DATE_TIMES.fullmatch(text)
    return match is not None and _exists(match, match["date"])


def is_time(text: str) -> bool:
    """The time of RFC 3339, with or without an offset."""
    match = _TIMES.fullmatch(text)
    return match is not None and _exists(match, "2000-01-01")


def _exists(match: re.Match[str], date: str) -> bool:
    second = match["second"]
    time = match["time"][:-2] + ("59" if second == "60" else second)  # a leap second
    if int(match["hour"] or 0) > 23 or int(match["minute"] or 0) > 59 or not match[0].isascii():
        return False
    try:
        datetime.datetime.fromisoformat(f"{date}T{time}")
    except ValueError:
        return False
    return True


def _anything(_: str) -> bool:
    return True


FORMAT_CHECKS = {
    **{name: _anything for name in _LIBRARY if name not in FORMATS},
    "date-time": is_date_time,
    "time": is_time,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}
