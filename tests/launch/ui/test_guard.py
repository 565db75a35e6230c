"""Who may ask the page's server."""

from __future__ import annotations

import pytest

from launch.ui.guard import CONTENT_SECURITY_POLICY, refusal

TOKEN = "secret"
GOOD = {"host": "127.0.0.1:8000", "authorization": "Bearer secret"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost:8000"},
        {"host": "LOCALHOST"},
        {"host": "[::1]:9"},
        {"origin": "http://127.0.0.1:8000"},
        {"host": "localhost:1", "origin": "http://localhost:1"},
    ],
)
def test_a_program_of_this_machine_with_the_token_may(headers):
    assert refusal({**GOOD, **headers}, TOKEN, needs_token=True) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "[evil]"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),  # another program's page of this machine
        ({"origin": "https://127.0.0.1:8000"}, 403),
        ({"origin": "null"}, 403),
        ({"authorization": ""}, 401),
        ({"authorization": "secret"}, 401),
        ({"authorization": "Bearer secre"}, 401),
        ({"authorization": "Bearer ü"}, 401),
    ],
)
def test_others_may_not(headers, status):
    found = refusal({**GOOD, **headers}, TOKEN, needs_token=True)
    assert found is not None
    assert found[0] == status
    assert TOKEN not in found[1]


def test_the_pages_files_need_no_token():
    assert refusal({"host": "127.0.0.1:1"}, TOKEN, needs_token=False) is None
    assert refusal({"host": "evil.example"}, TOKEN, needs_token=False) is not None


def test_nothing_is_run_or_loaded_from_elsewhere():
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
