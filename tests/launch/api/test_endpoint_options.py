"""Options of an endpoint: what can be done becomes a field of serving, what cannot is refused by name."""

import pytest

from launch.api.endpoint_options import checked_labels, endpoint_fields
from launch.errors import InvalidBundleError, NotSupportedError, WrongTypeError

DEFAULTS = {"cpus": 3, "memory": "8Gi", "storage": "16Gi", "gpus": 0, "min_workers": 1, "max_workers": 1}


def test_the_originals_defaults_are_resources_of_one_pod_on_cpu():
    assert endpoint_fields({**DEFAULTS, "per_worker": 10, "endpoint_type": "sync", "high_priority": False}) == {
        "replicas": 1,
        "gpu": {"count": 0},
        "resources": {"cpu": "3", "memory": "8Gi", "ephemeralStorage": "16Gi"},
    }


def test_what_is_not_given_is_not_changed():
    assert endpoint_fields({}) == {}
    assert endpoint_fields({"gpus": 2}) == {"gpu": {"count": 2}}
    assert endpoint_fields({"cpus": 0.25}) == {"resources": {"cpu": "250m"}}
    assert endpoint_fields({"cpus": "1m", "memory": 2.0**30}) == {"resources": {"cpu": "1m", "memory": "1073741824"}}
    assert endpoint_fields({"memory": "0.5Gi", "storage": "1Mi"}) == {
        "resources": {"memory": "0.5Gi", "ephemeralStorage": "1Mi"}
    }
    assert endpoint_fields({"forwarder_max_concurrency": 4}) == {"maxConcurrency": 4}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("endpoint_type", "async"),
        ("endpoint_type", "batch"),
        ("high_priority", True),
        ("post_inference_hooks", ["callback"]),
        ("default_callback_url", "http://x"),
        ("default_callback_auth_password", "geheim"),
        ("public_inference", True),
        ("per_worker", 4),
    ],
)
def test_what_cannot_be_done_is_refused_and_never_ignored(option, value):
    with pytest.raises(NotSupportedError, match=option) as refused:
        endpoint_fields({**DEFAULTS, option: value})
    assert isinstance(refused.value, NotImplementedError)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "option", [{"post_inference_hooks": []}, {"default_callback_url": ""}, {"high_priority": None}]
)
def test_what_asks_for_nothing_is_accepted(option):
    assert endpoint_fields(option) == {}


def test_a_streaming_endpoint_may_have_the_originals_one_request_a_worker():
    assert endpoint_fields({"endpoint_type": "streaming", "per_worker": 1}) == {}
    with pytest.raises(NotSupportedError, match="per_worker=4"):
        endpoint_fields({"endpoint_type": "streaming", "per_worker": 4})


def test_autoscaling_is_refused_with_both_numbers():
    with pytest.raises(NotSupportedError, match="min_workers=1 and max_workers=5"):
        endpoint_fields({**DEFAULTS, "max_workers": 5})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"gpus": "1"}, WrongTypeError, "gpus must be a whole number"),
        ({"gpus": True}, WrongTypeError, "gpus must be a whole number"),
        ({"gpus": -1}, InvalidBundleError, "between 0 and 64"),
        ({"memory": "8 GB"}, InvalidBundleError, "memory must be a quantity"),
        ({"memory": "-1Gi"}, InvalidBundleError, "memory must be a quantity"),
        ({"memory": 8}, InvalidBundleError, 'memory is 8, less than 1Mi: .* write "8Gi"'),
        ({"memory": 8.0}, InvalidBundleError, "memory is 8.0, less than 1Mi"),
        ({"memory": "8"}, InvalidBundleError, "memory is '8', less than 1Mi"),
        ({"storage": "16k"}, InvalidBundleError, "storage is '16k', less than 1Mi"),
        ({"storage": "16000m"}, InvalidBundleError, "storage is '16000m', less than 1Mi"),
        ({"memory": float("inf")}, InvalidBundleError, "memory must be a number, it is inf"),
        ({"cpus": [1]}, WrongTypeError, "cpus must be a number"),
        ({"cpus": "two"}, InvalidBundleError, 'cpus must be a quantity such as 2, 0.5 or "500m"'),
        ({"cpus": float("nan")}, InvalidBundleError, "cpus must be a number, it is nan"),
        ({"cpus": float("inf")}, InvalidBundleError, "cpus must be a number, it is inf"),
        ({"cpus": 0.0001}, InvalidBundleError, "cpus must be a thousandth of a core .* or more, it is 0.0001"),
        ({"cpus": "0.1m"}, InvalidBundleError, "cpus must be a thousandth"),
        ({"cpus": 0}, InvalidBundleError, "cpus must be a thousandth"),
        ({"cpus": -1.5}, InvalidBundleError, "cpus must be a quantity"),
        ({"min_workers": 1.5}, WrongTypeError, "replicas must be a whole number"),
        ({"forwarder_max_concurrency": 0}, InvalidBundleError, "between 1 and 1024"),
    ],
)
def test_a_bad_value_names_its_argument(options, error, message):
    with pytest.raises(error, match=message):
        endpoint_fields(options)


def test_labels_are_texts_and_none_of_ours():
    assert checked_labels(None) == {}
    assert checked_labels({"team": "nlp"}) == {"team": "nlp"}
    with pytest.raises(WrongTypeError, match="labels must be a dict"):
        checked_labels(["team"])
    with pytest.raises(WrongTypeError, match="texts"):
        checked_labels({"team": 3})
    with pytest.raises(InvalidBundleError, match="the product's own"):
        checked_labels({"modelbundle.dev/owner": "me"})
