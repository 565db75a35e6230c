import json

from tools.benchmarks.operator.plan import steps, waiting

STATUS = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Scheduled", "status": "True"}]}}


def test_each_call_sends_the_body_of_its_resource_and_a_read_sends_none():
    texts = {"services": "S", "modelbundles/status": "T"}
    calls = ["create services", "patch modelbundles/status", "get deployments"]
    assert steps(calls, texts) == [
        ("create services", "S"),
        ("patch modelbundles/status", "T"),
        ("get deployments", ""),
    ]


def test_a_bundle_that_waits_for_its_pod_is_not_ready_and_says_all_else():
    conditions = json.loads(waiting(json.dumps(STATUS)))["status"]["conditions"]
    assert conditions == [{"type": "Ready", "status": "False"}, {"type": "Scheduled", "status": "True"}]
