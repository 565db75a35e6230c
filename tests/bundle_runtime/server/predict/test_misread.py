"""What a body probably is that is not JSON: its encoding is named whether or not it begins with a mark."""

from __future__ import annotations

import orjson
import pytest

from bundle_runtime.server.predict.unread import problem


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_the_encoding_of_a_text(name: str) -> None:
    body = '{"x": 1}'.encode(name)
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads(body)
    assert f"it is {name[:6].upper()}: encode it as UTF-8" in problem(caught.value, body)
