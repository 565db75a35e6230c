"""The bad calls that need no cluster: what is called, what it raises, and words that its message must have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from launch import EndpointRequest, LaunchClient, ModelBundle
from launch.errors import (
    APIError,
    InvalidBundleError,
    LaunchError,
    NotPicklableError,
    NotSupportedError,
    StoreError,
    WrongTypeError,
)
from tests.launch.world import World

IMAGE = {"framework_type": "pytorch", "pytorch_image_tag": "1.7.1-cuda11.0-cudnn8-runtime"}
INTEGER = {"type": "integer"}


def load_predict_fn(model: Any) -> Any:
    return lambda x: model + x


GOOD: dict[str, Any] = {
    "model_bundle_name": "b",
    "env_params": IMAGE,
    "model": 1,
    "load_predict_fn": load_predict_fn,
    "requirements": [],
}


@dataclass(frozen=True)
class BadCall:
    """`builtin` is what the original raised, which ours has to be too."""

    name: str
    call: Callable[[World, pytest.MonkeyPatch], Any]
    raises: type[LaunchError]
    says: tuple[str, ...]
    builtin: type[Exception] = Exception


def create(**changes: Any) -> Callable[[World, pytest.MonkeyPatch], Any]:
    """A good call but for these arguments; ABSENT ones are left out."""
    arguments = {name: value for name, value in {**GOOD, **changes}.items() if value is not ABSENT}
    return lambda world, _: world.client.create_model_bundle(**arguments)


def from_dirs(*, base_paths: Any = ("code",), **changes: Any) -> Callable[[World, pytest.MonkeyPatch], Any]:
    def call(world: World, _: pytest.MonkeyPatch) -> Any:
        code = world.directory / "code"
        code.mkdir()
        (code / "predict.py").write_text("def load(model): return model\n")
        (code / "model.py").write_text("def load(): return abs\n")
        (world.directory / "empty").mkdir()
        arguments = {
            "model_bundle_name": "b",
            "base_paths": [str(world.directory / path) for path in base_paths]
            if isinstance(base_paths, tuple)
            else base_paths,
            "env_params": IMAGE,
            "load_predict_fn_module_path": "predict.load",
            "load_model_fn_module_path": "model.load",
            **changes,
        }
        return world.client.create_model_bundle_from_dirs(**arguments)

    return call


def config_file(text: str) -> Callable[[World, pytest.MonkeyPatch], Any]:
    def call(world: World, _: pytest.MonkeyPatch) -> Any:
        path = world.directory / "config.yaml"
        path.write_text(text)
        return world.client.create_model_bundle(**GOOD, app_config=str(path))

    return call


def _without_a_store(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("LAUNCH_ARTIFACT_URI")
    return world.client.create_model_bundle(**GOOD)


def _without_a_cluster(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("KUBECONFIG", str(world.directory / "none"))
    return LaunchClient(api_key=None).create_model_bundle(**GOOD)


def _nobody_listens(world: World, _: pytest.MonkeyPatch) -> Any:
    return LaunchClient(api_key=None, endpoint="http://127.0.0.1:9").create_model_bundle(**GOOD)


def _one_hook(world: World, _: pytest.MonkeyPatch) -> Any:
    client = LaunchClient(api_key=None, self_hosted=True)
    client.register_upload_bundle_fn(lambda content, url: (world.artifacts / "uploaded").write_bytes(content))  # type: ignore[arg-type]
    return client.create_model_bundle(**GOOD)


def _unsupported(**options: Any) -> Callable[[World, pytest.MonkeyPatch], Any]:
    return lambda world, _: world.client.create_model_endpoint(endpoint_name="e", model_bundle="b", **options)


class _Absent:
    pass


ABSENT = _Absent()
V, T = ValueError, TypeError
NAN = float("nan")

ROWS = [
    BadCall("no-loader", create(model=ABSENT, load_predict_fn=ABSENT), InvalidBundleError, ("load_predict_fn",), V),
    BadCall("load-predict-alone", create(model=ABSENT), InvalidBundleError, ("model", "load_model_fn"), V),
    BadCall("model-alone", create(load_predict_fn=ABSENT), InvalidBundleError, ("load_predict_fn",), V),
    BadCall("both-loaders", create(load_model_fn=int), InvalidBundleError, ("model", "load_model_fn"), V),
    BadCall("three-loaders", create(predict_fn_or_cls=abs), InvalidBundleError, ("predict_fn_or_cls",), V),
    BadCall("loader-is-no-function", create(load_predict_fn="f"), WrongTypeError, ("load_predict_fn", "str"), T),
    BadCall("request-schema-alone", create(request_schema=INTEGER), InvalidBundleError, ("response_schema",), V),
    BadCall("response-schema-alone", create(response_schema=INTEGER), InvalidBundleError, ("request_schema",), V),
    BadCall("schema-is-a-number", create(request_schema=1, response_schema=INTEGER), WrongTypeError,
            ("request_schema",), T),
    BadCall("unknown-framework", create(env_params={"framework_type": "theano"}), InvalidBundleError,
            ("theano", "pytorch", "tensorflow", "custom_base_image"), V),
    BadCall("no-framework", create(env_params={}), InvalidBundleError, ("framework_type",), V),
    BadCall("no-tag", create(env_params={"framework_type": "pytorch"}), InvalidBundleError, ("pytorch_image_tag",), V),
    BadCall("env-params-are-text", create(env_params="pytorch"), WrongTypeError, ("env_params", "str"), T),
    BadCall("model-cannot-be-pickled", create(model=threading.Lock()), NotPicklableError, ("model", "lock"), T),
    BadCall("requirements-are-text", create(requirements="numpy"), WrongTypeError, ("requirements", "list"), T),
    BadCall("requirement-is-an-option", create(requirements=["-r more.txt"]), InvalidBundleError, ("-r more.txt",), V),
    BadCall("name-says-nothing", create(model_bundle_name="  "), InvalidBundleError, ("model_bundle_name",), V),
    BadCall("name-too-long", create(model_bundle_name="n" * 5000), InvalidBundleError, ("1024",), V),
    BadCall("name-is-a-number", create(model_bundle_name=5), LaunchError, ("model_bundle_name", "5")),
    BadCall("config-has-nan", create(app_config={"a": [NAN]}), InvalidBundleError, ("app_config", "a[0]"), V),
    BadCall("config-holds-an-object", create(app_config={"a": {"b": object()}}), LaunchError, ("app_config", "a.b")),
    BadCall("config-is-a-list", create(app_config=[1]), WrongTypeError, ("app_config", "list"), T),
    BadCall("config-file-absent", create(app_config="none.yaml"), InvalidBundleError, ("none.yaml",), V),
    BadCall("config-file-is-no-yaml", config_file("a: ["), InvalidBundleError, ("config.yaml", "YAML"), V),
    BadCall("config-file-holds-a-list", config_file("[1]"), InvalidBundleError, ("config.yaml",), V),
    BadCall("folder-absent", from_dirs(base_paths=("none",)), InvalidBundleError, ("none",), V),
    BadCall("folder-empty", from_dirs(base_paths=("empty",)), InvalidBundleError, ("empty",), V),
    BadCall("folder-is-a-file", from_dirs(base_paths=("code/model.py",)), InvalidBundleError, ("model.py",), V),
    BadCall("no-folders", from_dirs(base_paths=[]), InvalidBundleError, ("base_paths",), V),
    BadCall("folders-are-text", from_dirs(base_paths="code"), WrongTypeError, ("base_paths",), T),
    BadCall("function-not-in-folders", from_dirs(load_model_fn_module_path="nowhere.f"), InvalidBundleError,
            ("nowhere",), V),
    BadCall("function-is-no-path", from_dirs(load_predict_fn_module_path="load"), InvalidBundleError, ("load",), V),
    BadCall("no-predict-path", from_dirs(load_predict_fn_module_path=None), InvalidBundleError,
            ("load_predict_fn_module_path",), V),
    BadCall("v2-without-an-image", lambda world, _: world.client.create_model_bundle_from_callable_v2(
        model_bundle_name="b", load_predict_fn=load_predict_fn, load_model_fn=int,
        request_schema=INTEGER, response_schema=INTEGER), InvalidBundleError, ("pytorch_image_tag",), V),
    BadCall("v2-with-two-images", lambda world, _: world.client.create_model_bundle_from_callable_v2(
        model_bundle_name="b", load_predict_fn=load_predict_fn, load_model_fn=int, pytorch_image_tag="1",
        tensorflow_version="2", request_schema=INTEGER, response_schema=INTEGER), InvalidBundleError,
        ("pytorch_image_tag", "tensorflow_version"), V),
    BadCall("v2-without-schemas", lambda world, _: world.client.create_model_bundle_from_callable_v2(
        model_bundle_name="b", load_predict_fn=load_predict_fn, load_model_fn=int, pytorch_image_tag="1",
        request_schema=None, response_schema=None), InvalidBundleError, ("request_schema",), V),
    BadCall("clone-of-a-number", lambda world, _: world.client.clone_model_bundle_with_changes(5), WrongTypeError,
            ("model_bundle", "int"), T),
    BadCall("clone-of-nothing", lambda world, _: world.client.clone_model_bundle_with_changes("none", {"a": 1}),
            APIError, ("none", "list_model_bundles")),
    BadCall("get-of-nothing", lambda world, _: world.client.get_model_bundle("none"), APIError,
            ("none", "list_model_bundles")),
    BadCall("name-only-bundle", lambda world, _: ModelBundle("b").deploy(), InvalidBundleError,
            ("get_model_bundle",), V),
    BadCall("endpoint-of-nothing", _unsupported(), APIError, ("b",)),
    BadCall("async-endpoint", _unsupported(endpoint_type="async"), NotSupportedError, ("endpoint_type", "sync"),
            NotImplementedError),
    BadCall("autoscaling", _unsupported(min_workers=1, max_workers=3), NotSupportedError,
            ("min_workers", "max_workers"), NotImplementedError),
    BadCall("callback", _unsupported(default_callback_url="http://x"), NotSupportedError, ("default_callback_url",),
            NotImplementedError),
    BadCall("memory-is-no-quantity", _unsupported(memory="lots"), InvalidBundleError, ("memory", "8Gi"), V),
    BadCall("replicas-are-text", _unsupported(min_workers="2", max_workers="2"), WrongTypeError, ("whole number",), T),
    BadCall("empty-request", lambda *_: EndpointRequest(), InvalidBundleError, ("args",), V),
    BadCall("api-key-is-a-number", lambda *_: LaunchClient(api_key=7), WrongTypeError, ("api_key", "int"), T),  # type: ignore[arg-type]
    BadCall("no-store", _without_a_store, StoreError, ("LAUNCH_ARTIFACT_URI",)),
    BadCall("one-hook-only", _one_hook, LaunchError, ("register_bundle_location_fn",), V),
    BadCall("no-cluster", _without_a_cluster, APIError, ("KUBECONFIG",)),
    BadCall("nobody-listens", _nobody_listens, APIError, ("cannot reach",)),
]  # fmt: skip
