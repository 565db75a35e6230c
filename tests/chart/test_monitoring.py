"""Alerts and dashboard ask for metrics that exist, in PromQL that parses; docs/reference/metrics.md has every alert."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import promql_parser
import pytest
import yaml
from modelbundle_operator.telemetry.metrics import Metrics

from bundle_runtime.server.counters import Counters
from bundle_runtime.server.histogram import Histogram
from bundle_runtime.server.metrics import Metrics as ServerMetrics
from bundle_runtime.server.metrics import Snapshot
from tests.chart.conftest import ROOT

MONITORING = ROOT / "charts/operator/monitoring"
METRICS = ROOT / "docs/reference/metrics.md"
ALERTS = [
    rule for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
PANELS = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in ALERTS] + [target["expr"] for panel in PANELS for target in panel["targets"]]


@pytest.fixture(scope="module")
def exposed() -> set[str]:
    """Every name that operator and server expose."""
    metrics = Metrics()
    metrics.watch_queue(lambda: 1, lambda: 0.5, lambda: 2, lambda: 3)
    metrics.watch_cache(lambda: {"Pod": 1}, lambda: ["Serving"])
    metrics.watch_leader(lambda: True, lambda: 1)
    metrics.watch_resync(lambda: 1.0, 300)
    metrics.watch_troubles(lambda: {"quota": 1}, lambda: {"Service": 1}, lambda: [("Pod", "models")])
    metrics.called("read", "Pod")
    metrics.skipped("Pod")
    counters = Counters()
    counters.requests[200, "OK"] = 1
    server = ServerMetrics(counters, _snapshot)
    pages = metrics.exposition().decode() + server.text().decode()
    return set(re.findall(r"^(\w+)", pages, re.MULTILINE))


def _snapshot() -> Snapshot:
    return Snapshot(
        in_flight=0,
        queue_depth=0,
        connections_ended=0,
        slow_readers_ended=0,
        refusals={},
        connections=0,
        worker_up=True,
        draining=False,
        heartbeat_age=0.1,
        workers_lost=0,
        load_seconds={},
        phases={"user": Histogram()},
        batch_sizes=Counter(),
        digest="",
        worker_python="",
        server_restarts=0,
        user_metrics_missed=0,
    )


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_parses_and_its_metrics_exist(expression: str, exposed: set[str]) -> None:
    promql_parser.parse(expression)
    asked = set(re.findall(r"modelbundle_\w+", expression))
    assert asked
    page = METRICS.read_text()
    for name in asked:
        assert name in exposed
        assert re.sub(r"_bucket$", "", name) in page


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_happened_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert f"| `{rule['alert']}` |" in METRICS.read_text()


def test_every_documented_alert_exists() -> None:
    documented = re.findall(r"^\| `(ModelBundle\w+)` \|", METRICS.read_text(), re.MULTILINE)
    assert set(documented) == {rule["alert"] for rule in ALERTS}
