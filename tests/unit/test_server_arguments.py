from __future__ import annotations

import json

import pytest

from bundle_runtime import wire
from bundle_runtime.server.__main__ import MOST_BODY, arguments


def test_what_depends_on_another_option() -> None:
    parsed = arguments(["--max-concurrency", "3", "--request-timeout-seconds", "5"])
    assert (parsed.queue_limit, parsed.worker_stall_seconds) == (30, 65.0)


@pytest.mark.parametrize("item", ["1", "[]", "0.1", "-1", '""', "null", "2147483648", "{}", '"\xe9"'])
def test_the_largest_body_fits_into_a_frame(item: str) -> None:
    body = f"[{','.join([item] * 1000)}]".encode()
    assert len(wire.pack_fields(json.loads(body))) <= wire.MAX_BODY / MOST_BODY * len(body)


def test_a_larger_body_is_refused_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--max-body-bytes", str(MOST_BODY + 1)])
    assert f"--max-body-bytes is {MOST_BODY + 1}" in capsys.readouterr().err
