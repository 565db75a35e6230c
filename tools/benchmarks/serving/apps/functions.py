"""What every server serves: the seed's function, for the small request and the bodies, and one for each other row.

Standard library only, NumPy where a tensor is the point; each server's own file wraps them as its documentation has it.
It runs on Python 3.8 too, as the tests serve it under each Python.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator


def model(x):
    return x * 2


def predict(x, y):
    """The seed's: returns_model_of_x_plus_len_of_y."""
    assert isinstance(x, int)
    assert isinstance(y, str)
    return model(x) + len(y)


def largest(v):
    """Ten thousand floats in, one out."""
    return float(max(v))


_series = {}


def series(n: int) -> list[float]:
    """One number in, n floats out; they are made once, so that a row shows the server and not the making."""
    if n not in _series:
        _series[n] = [random.Random(number).random() for number in range(n)]
    return _series[n]


_arrays = {}


def series_array(n):
    """The same as a NumPy array, for servers that take one."""
    if n not in _arrays:
        import numpy

        _arrays[n] = numpy.array(series(n))
    return _arrays[n]


def brightest(image):
    """An image-sized array in, one number out; it looks at every byte, so none can be missing."""
    assert image.shape == (224, 224, 3)
    assert str(image.dtype) == "uint8"
    return int(image.max())


def tokens(n: int) -> Iterator[str]:
    for number in range(n):
        yield f"token {number}"


def hold_python(seconds):
    """Keeps the GIL as Python code does: given up every few milliseconds, wanted back at once."""
    end = time.perf_counter() + seconds
    count = 0
    while time.perf_counter() < end:
        count += 1
    return 1


def hold_c(count):
    """Keeps the GIL through one long call of C."""
    sum(range(count))
    return 1


def sse(item):
    """An event, for servers that leave its form to the application."""
    return f"data: {json.dumps(item)}\n\n"
