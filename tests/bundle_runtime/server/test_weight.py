"""The estimate is above what a text takes, measured, and near enough that large requests of the ordinary kind pass."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial

import pytest

from bundle_runtime.server.memory import Memory, TooMuch
from bundle_runtime.server.weight import Least, weight, weight_limit

MIB = 1024 * 1024
FLOATS = ",".join(str(number / 997) for number in range(1000))

# a pattern of which a text is made, and whether its %x is another number each time
HEAVY = {
    "lists": "[],",
    "lists of one": "[0],",
    "lists of two": "[0,0],",
    "nested": "[" * 200 + "]" * 200 + ",",
    "objects": "{},",
    "objects of one": '{"":0},',
    "objects of another one": '{"%x":1},',
    "nested objects": '{"a":' * 100 + "1" + "}" * 100 + ",",
    "rows": '{"a":1,"b":1,"c":1},',
    "digits": "1,",
    "numbers": "999,",
    "floats": "0.5,",
    "long floats": "0.1234567890123456,",
    "empty strings": '"",',
    "short strings": '"ab",',
    "short wide strings": '"\U0001f600a",',
    "long strings": '"' + "a" * 1000 + '",',
}
# large texts are made where they are asked for: half a gigabyte of them, in each process that collects the tests
Text = Callable[[], bytes]

_MEASURE = """
import marshal, sys
import orjson

def memory(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024

text = sys.stdin.buffer.read()
before = memory("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
fields = orjson.loads(text)
frame = marshal.dumps(fields, 4)
print(memory("VmHWM") - before)
"""


def text_of(pattern: str, size: int) -> bytes:
    count = size // len(pattern)
    parts = [pattern.replace("%x", f"{number:x}") for number in range(count)] if "%x" in pattern else [pattern] * count
    return ('{"x":[' + "".join(parts).rstrip(",") + "]}").encode()


def measured(text: bytes) -> int:
    done = subprocess.run([sys.executable, "-c", _MEASURE], input=text, capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize("kind", HEAVY)
def test_no_text_takes_more_than_it_is_said_to(kind: str) -> None:
    text = text_of(HEAVY[kind], 3 * MIB)
    assert measured(text) <= weight(text)


@pytest.mark.parametrize("kind", HEAVY)
def test_no_text_weighs_more_than_the_limit_of_its_size(kind: str) -> None:
    text = text_of(HEAVY[kind], MIB)
    assert weight(text) <= weight_limit(len(text))


@pytest.mark.parametrize("byte", [b"{", b"[", b",", b":", b'"'])
def test_no_single_mark_weighs_more_than_the_limit(byte: bytes) -> None:
    text = "\U0001f600".encode() + byte * MIB
    assert weight(text) <= weight_limit(len(text))


def test_what_may_not_fit_whatever_it_holds_is_counted() -> None:
    memory = Memory(0)
    size = memory.most // weight_limit(1)
    memory.needs_values(b"{" * size, "the body")
    with pytest.raises(TooMuch):
        memory.needs_values(b"{" * size * 2, "the body")


def wide() -> bytes:
    return ('{"x":"' + "a" * 4 * MIB + '\U0001f600"}').encode()


def keys() -> bytes:
    return ("{" + ",".join(f'"{number:x}":1' for number in range(400_000)) + "}").encode()


@pytest.mark.parametrize("make", [wide, keys])
def test_one_wide_character_and_many_keys(make: Text) -> None:
    text = make()
    assert measured(text) <= weight(text)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: b'{"x":"%b"}' % (b"QUJD" * (15 * MIB)), id="base64"),
        pytest.param(lambda: b'{"x":"data:image/png;base64,%b"}' % (b"QUJD" * (15 * MIB)), id="data URL"),
        pytest.param(lambda: b'{"x":"%b"}' % (b"a,[{:" * (12 * MIB)), id="text full of marks"),
        pytest.param(lambda: b'{"x":"%b"}' % (b'\\"a\\",[{\\\\' * 10_000 + b",:" * (29 * MIB)), id="escaped"),
        pytest.param(lambda: b'{"x":["%b"]}' % b'","'.join([b"a,b," * 200] * 75_000), id="lines of CSV"),
        pytest.param(lambda: ('{"x":"%s"}' % ("\U0001f600" * (15 * MIB))).encode(), id="emojis"),
        pytest.param(lambda: b'{"x":[%b]}' % b",".join([FLOATS.encode()] * 3000), id="three million floats"),
        pytest.param(lambda: b'{"x":[%b]}' % b",".join([b"[%b]" % b",".join([b"17"] * 3)] * 1_000_000), id="pixels"),
    ],
)
def test_a_large_request_of_the_ordinary_kind_passes(make: Text) -> None:
    Memory(1024 * MIB).needs_values(make(), "the body")


def test_quotes_and_backslashes_end_strings_where_they_do() -> None:
    inside = b",[{:" * 100
    for text in (
        b'{"x":"%b\\"%b"}' % (inside, inside),
        b'{"x":"%b\\\\"}' % inside,
        b'{"x":"\\\\\\"%b"}' % inside,
        b'{"x":"%b%b"}' % (inside, b"\\" * 1000),
    ):
        assert weight(text, 0) == weight(text.replace(b",", b" ").replace(b"[", b" "), 0)
    # what only looks like a string is counted
    outside = b'{"x":["\\\\",%b,"a"]}' % b",".join([b"[]"] * 100)
    assert weight(outside, 0) == weight(outside)
    assert weight(b'"%b' % inside, 0) == weight(b'"%b' % inside), "no JSON at all"


@pytest.mark.parametrize(
    "make",
    [*(partial(text_of, pattern, MIB) for pattern in HEAVY.values()), wide, lambda: b'"' * MIB],
    ids=[*HEAVY, "wide", "quotes"],
)
@pytest.mark.parametrize("size", [1001, 4 * MIB])
def test_what_a_text_takes_at_least_is_never_more_than_it_weighs(make: Text, size: int) -> None:
    text = make()
    least = Least()
    for at in range(0, len(text), size):
        least.add(text[at : at + size])
    assert least.bytes <= weight(text, 0)


def test_what_stands_inside_of_a_string_is_not_counted_at_least() -> None:
    marks = b",[{:" * 1000
    for before in (b'{"x":"', b'{"x":"\\"', b'{"x":"a\\\\","y":"'):
        least = Least()
        for part in (before, marks, marks, b'"}'):
            least.add(part)
        assert least.bytes < 20 * len(marks)
    least = Least()
    least.add(b'{"x":[')
    least.add(b"[]," * 1000)
    assert least.bytes > 150 * 1000
