"""What a scraper gets: all of the server's own text, and of the user's what can be read and is not ours."""

from __future__ import annotations

import time

import pytest
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bundle_runtime.server.exposition import merged

OWN = b"""# HELP up_now Whether it is.
# TYPE up_now gauge
up_now 1.0
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{le="+Inf"} 2.0
took_seconds_count 2.0
took_seconds_sum 0.5
"""


def registry() -> CollectorRegistry:
    """Every kind that prometheus_client has, with values and labels that need care."""
    found = CollectorRegistry()
    Counter("tokens", "Tokens,\nby \\ model.", ["model"], registry=found).labels('a"b\\c\nd{}').inc(1e16)
    Gauge("loss", "", registry=found).set(float("nan"))
    Gauge("gain", "", registry=found).set(float("-inf"))
    Histogram("wait_seconds", "A wait.", registry=found).observe(0.00001)
    Summary("size_bytes", "A size.", ["é"[:0] + "kind"], registry=found).labels("naïve").observe(3)
    Info("model", "A model.", registry=found).info({"version": "1"})
    Enum("state", "A state.", states=["a", "b"], registry=found).state("b")
    return found


def test_all_that_prometheus_client_writes_is_kept() -> None:
    theirs = generate_latest(registry())
    assert merged(OWN, theirs) == OWN + theirs


def test_without_metrics_of_the_user_the_text_is_the_servers() -> None:
    assert merged(OWN, b"") == OWN


@pytest.mark.parametrize(
    "theirs",
    [
        b"# HELP up_now Mine.\n# TYPE up_now gauge\nup_now 42.0\n",
        b'up_now{a="b"} 42.0\n',
        b"# TYPE took_seconds summary\ntook_seconds 1.0\ntook_seconds_count 1.0\n",
        b"# TYPE took_seconds_sum gauge\ntook_seconds_sum 42.0\n",
    ],
)
def test_a_name_that_the_server_has_is_the_servers(theirs: bytes) -> None:
    assert merged(OWN, theirs + b"mine 1.0\n") == OWN + b"mine 1.0\n"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"mine",
        b"mine  1.0",
        b"mine one",
        b"1mine 1.0",
        b"mine 1.0 soon",
        b'mine{a="b" 1.0',
        b'mine{a=b} 1.0',
        b'mine{a="\\q"} 1.0',
        b'mine{a="b" c="d"} 1.0',
        b"# TYPE mine thing",
        b"# EOF",
        b"HTTP/1.1 200 OK",
        b"mine 1.0\r",
    ],
)  # fmt: skip
def test_a_line_that_no_scraper_could_read_is_left_out(line: bytes) -> None:
    text = merged(OWN, b"before 1.0\n" + line + b"\nafter 2.0 1700000000000\n")
    assert text == OWN + b"before 1.0\nafter 2.0 1700000000000\n"
    assert {family.name for family in text_string_to_metric_families(text.decode())} >= {"up_now", "before", "after"}


def test_a_text_that_is_not_unicode_is_left_out() -> None:
    assert merged(OWN, b'mine{a="\xff"} 1.0\n') == OWN


def test_a_label_costs_time_that_grows_with_its_length_alone() -> None:
    def seconds(count: int) -> float:
        label = b'a="' + b'\\"' * count + b'",'
        start = time.process_time()
        assert merged(OWN, b"mine{" + label * 3 + b" 1.0") == OWN.rstrip(b"\n") + b"\n"
        return time.process_time() - start

    small = min(seconds(10_000) for _ in range(3))
    assert min(seconds(100_000) for _ in range(3)) < 40 * max(small, 0.0005)
