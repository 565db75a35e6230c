from __future__ import annotations

from bundle_runtime.server.__main__ import arguments


def test_what_depends_on_another_option() -> None:
    parsed = arguments(["--max-concurrency", "3", "--request-timeout-seconds", "5"])
    assert parsed.worker_stall_seconds == 65.0
