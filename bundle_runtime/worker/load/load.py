"""From the artifact's bytes to predict_fn. Whatever goes wrong here is the user's to fix, so every failure says whose
code raised and what to do next."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pickle
import re
import sys
import time
from typing import Any, Callable

from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import (
    LOAD_FAILED,
    LOAD_FUNCTION_NOT_FOUND,
    UNPICKLE_FAILED,
    RuntimeFailure,
    fail,
    valid_unicode,
)
from bundle_runtime.contract.source_lines import register, register_from_end
from bundle_runtime.worker.explain import IMPORT, LOAD, UNPICKLE, explaining_warnings, next_step
from bundle_runtime.worker.load.context import entered
from bundle_runtime.worker.predict.binder import call_load_model, call_load_predict
from bundle_runtime.worker.predict.shared_loop import shared_loop
from bundle_runtime.worker.user_errors import described, full, log
from bundle_spec.document import BundleDocument

PredictFn = Callable[..., Any]


def load(layout: Layout, document: BundleDocument, seconds: dict[str, float]) -> PredictFn:
    """predict_fn; ``seconds`` is filled phase by phase, also when a later phase fails."""
    with explaining_warnings():
        return _load(layout, document, seconds)


def _load(layout: Layout, document: BundleDocument, seconds: dict[str, float]) -> PredictFn:
    config, has_config = app_config(document)
    if document["artifact"].get("packaging") == "zip":
        with _Timed(seconds, "import"):
            load_predict_fn = _dotted(layout, document.get("loadPredictFn"), "loadPredictFn")
            load_model_fn = None
            if document.get("loadModelFn"):
                load_model_fn = _dotted(layout, document["loadModelFn"], "loadModelFn")
        return _from_functions(load_predict_fn, load_model_fn, None, config, has_config, seconds)
    with _Timed(seconds, "unpickle"):
        content = _unpickle(layout, document)
    if isinstance(content, dict) and not callable(content):
        return _from_dict(content, config, has_config, seconds)
    return _from_callable(content, config, has_config, seconds)


def app_config(document: BundleDocument) -> tuple[Any, bool]:
    """The config and whether the bundle has one: ``{}`` counts as none, as in the document it is absent."""
    if "appConfigJSON" in document:
        try:
            return json.loads(document["appConfigJSON"]), True
        except ValueError as error:
            raise fail(LOAD_FAILED, f"appConfigJSON is not valid JSON: {error}") from error
    return document.get("appConfig", {}), "appConfig" in document


def _unpickle(layout: Layout, document: BundleDocument) -> Any:
    wrote = document["artifact"].get("cloudpickleVersion")
    try:
        _import_cloudpickle(layout, wrote)
    except ImportError as error:
        raise fail(UNPICKLE_FAILED, f"cloudpickle cannot be imported ({error}): add it to requirements") from error
    try:
        with open(layout.pickle_file, "rb") as file:
            try:
                content = pickle.load(file)  # from the file: read() and loads() would hold the model twice
            except BaseException:
                register_from_end(file)
                raise
            register(file)
            return content
    except BaseException as error:
        raise unpickling_failed(error) from error


def unpickling_failed(error: BaseException) -> RuntimeFailure:
    """The pickle, or what it imports and runs."""
    return _user_failure(UNPICKLE_FAILED, "unpickling the bundle raised", error, UNPICKLE)


def _import_cloudpickle(layout: Layout, wrote: str | None) -> None:
    """The image's own, as other packages there may know it; but an older one cannot read what a newer one wrote (2.1
    fails on each function of 3.1), and then ours takes its place."""
    import cloudpickle

    have = cloudpickle.__version__
    if not wrote or _release(have) >= _release(wrote) or not os.path.isdir(layout.vendor_dir):
        return
    for name in [name for name in sys.modules if name.partition(".")[0] == "cloudpickle"]:
        del sys.modules[name]
    sys.path.insert(0, layout.vendor_dir)
    try:
        ours = importlib.import_module("cloudpickle")
    finally:
        sys.path.pop(0)
    _say(f"cloudpickle {ours.__version__} is used: {wrote} wrote the bundle, and the image's {have} is older")


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _from_dict(content: dict[str, Any], config: Any, has_config: bool, seconds: dict[str, float]) -> PredictFn:
    load_predict_fn = content.get("load_predict_fn")
    if not callable(load_predict_fn) or not ("model" in content or callable(content.get("load_model_fn"))):
        raise _not_found(
            "the pickle holds a dict with the keys {}; it must have a load_predict_fn and either a model or a "
            "load_model_fn, or be the predict function itself".format(sorted(map(str, content))[:20])
        )
    load_model_fn = None if "model" in content else content["load_model_fn"]
    return _from_functions(load_predict_fn, load_model_fn, content.get("model"), config, has_config, seconds)


def _from_callable(content: Any, config: Any, has_config: bool, seconds: dict[str, float]) -> PredictFn:
    """predict_fn_or_cls: a function or an object; a class is made into one object; ``init`` gets the config."""
    with _Timed(seconds, "load"):
        if inspect.isclass(content):
            content = _run("the class in the bundle", content)
        init = getattr(content, "init", None)
        if callable(init):
            _run("init", call_load_model, init, config, has_config)
        return _callable(content, "the bundle holds")


def _from_functions(
    load_predict_fn: Callable[..., Any],
    load_model_fn: Callable[..., Any] | None,
    model: Any,
    config: Any,
    has_config: bool,
    seconds: dict[str, float],
) -> PredictFn:
    if load_model_fn is not None:
        with _Timed(seconds, "load_model_fn"):
            model = _run("load_model_fn", call_load_model, load_model_fn, config, has_config)
    with _Timed(seconds, "load_predict_fn"):
        predict_fn = _run("load_predict_fn", call_load_predict, load_predict_fn, config, has_config, model)
        return _callable(predict_fn, "load_predict_fn returned")


def _callable(value: Any, whence: str) -> PredictFn:
    if not callable(value) and not callable(getattr(value, "predict_batch", None)):
        raise fail(
            LOAD_FAILED,
            f"{whence} a {type(value).__name__}, which cannot be called: it must be predict_fn, or have predict_batch",
        )
    return value  # type: ignore[no-any-return]


def _dotted(layout: Layout, path: Any, field: str) -> Callable[..., Any]:
    module_name, _, name = str(path or "").rpartition(".")
    if not module_name:
        raise not_dotted(path, field)
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:
        # the module itself or a package above it; a missing import inside the module is the module's failure
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise no_module(layout, path, field, error.name) from error
        raise import_failed(module_name, error) from error
    function = getattr(module, name, None)
    if not callable(function):
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise no_function(path, field, module_name, name, names)
    return function  # type: ignore[no-any-return]


def not_dotted(path: Any, field: str) -> RuntimeFailure:
    """A path of one word."""
    return _not_found(f"{field} is {path!r}: write module.function, as in predict.load_predict")


def no_module(layout: Layout, path: Any, field: str, module: str) -> RuntimeFailure:
    """The path names a module that is nowhere."""
    top = ", ".join(sorted(os.listdir(layout.artifact_dir))[:30]) or "no files"
    return _not_found(f"{field} is {path}, but the bundle has no module {module}; at its top are: {top}")


def no_function(path: Any, field: str, module: str, name: str, names: list[str]) -> RuntimeFailure:
    """The path names a function that its module does not have."""
    has = ", ".join(names[:30]) or "none"
    return _not_found(f"{field} is {path}, but the module {module} has no function {name}; it has: {has}")


def _not_found(what: str) -> RuntimeFailure:
    step = next_step(fail(LOAD_FUNCTION_NOT_FOUND, what), LOAD)
    return fail(LOAD_FUNCTION_NOT_FOUND, "\n".join(filter(None, (what, step))))


def import_failed(module: str, error: BaseException) -> RuntimeFailure:
    """Whatever the module raised."""
    return _user_failure(LOAD_FAILED, f"importing {module} raised", error, IMPORT)


def _run(what: str, function: Callable[..., Any], *args: Any) -> Any:
    try:
        result = function(*args)
        return entered(shared_loop.wait(result) if inspect.iscoroutine(result) else result)
    except BaseException as error:
        raise _user_failure(LOAD_FAILED, f"{what} raised", error, LOAD) from error


def loading_failed(error: BaseException) -> RuntimeFailure:
    """Where no function was called: user code has broken what loading stands on, or an attribute is code."""
    return _user_failure(LOAD_FAILED, "loading the bundle raised", error, LOAD)


def _user_failure(reason: str, what: str, error: BaseException, phase: str) -> RuntimeFailure:
    """Also for SystemExit: user code that calls sys.exit() while it loads has failed to load. KeyboardInterrupt is no
    other: a developer's Ctrl-C goes to the command that serves, and that one stops the worker."""
    if isinstance(error, RuntimeFailure):
        raise error
    log(full(error))
    message, traceback = described(error)
    lines = (f"{what} {message}", traceback, next_step(error, phase))
    failure = fail(reason, "\n".join(filter(None, lines)))
    failure.brief, failure.traceback = valid_unicode(f"{lines[0]}\n{lines[2]}"), valid_unicode(traceback)
    return failure


def _say(text: str) -> None:
    log(f"worker: {text}")


class _Timed:
    def __init__(self, seconds: dict[str, float], phase: str) -> None:
        self._seconds = seconds
        self._phase = phase

    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._phase] = time.monotonic() - self._start
