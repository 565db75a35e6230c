"""The user's functions and model become one pickle file, for the Python version that wrote it.

The same functions give the same bytes, with these exceptions, which cloudpickle makes: a class that is pickled by value
carries an id that is new in each process; a set's order depends on PYTHONHASHSEED; code names the file that it is from.
Behind the pickle are the functions' lines, for tracebacks.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import threading
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

from bundle_runtime.contract.source_lines import encoded
from launch.errors import InvalidBundleError, NotPicklableError, WrongTypeError
from launch.packing.pickles.module_origin import is_own
from launch.packing.pickles.reachable import reachable
from launch.packing.pickles.source_lines import source_lines
from launch.stores.artifact import Packed, packed

_one_at_a_time = threading.Lock()  # what is pickled by value is a setting of the whole process


def bundle_content(
    *, model: Any = None, load_predict_fn: Any = None, load_model_fn: Any = None, predict_fn_or_cls: Any = None
) -> Any:
    """What is pickled: predict_fn_or_cls itself, or {"model" or "load_model_fn": ..., "load_predict_fn": ...}.

    InvalidBundleError unless it is exactly one of the three ways; None counts as absent. WrongTypeError when a function
    cannot be called.
    """
    given = {
        "predict_fn_or_cls": predict_fn_or_cls,
        "model": model,
        "load_model_fn": load_model_fn,
        "load_predict_fn": load_predict_fn,
    }
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if name != "model" and not callable(value):
            raise WrongTypeError(f"{name} is a {type(value).__name__}, which cannot be called: give a function")
    if list(given) not in (["predict_fn_or_cls"], ["model", "load_predict_fn"], ["load_model_fn", "load_predict_fn"]):
        raise InvalidBundleError(
            "give load_predict_fn with model, or with load_model_fn, or predict_fn_or_cls alone; given: "
            f"{', '.join(given) or 'nothing'} (None is as if not given)"
        )
    if predict_fn_or_cls is None:
        return given
    if inspect.isclass(predict_fn_or_cls) and not _makes_callables(predict_fn_or_cls):
        raise WrongTypeError(
            f"predict_fn_or_cls is the class {predict_fn_or_cls.__qualname__}, whose objects cannot be called: give it "
            "a __call__ method"
        )
    return predict_fn_or_cls


def pickle_to(path: Path, content: Any, globals_copy: Optional[Mapping[str, Any]] = None) -> Packed:
    """Pickle `content` into the file `path`; a big model is written piece by piece, and never held twice.

    The modules in globals_copy that are the user's own are pickled by value, this time only: Python's and installed
    packages' go by reference always (their compiled parts cannot be pickled). NotPicklableError names the object that
    cannot be pickled; then there is no file.
    """
    import cloudpickle

    if globals_copy is not None and not isinstance(globals_copy, Mapping):
        raise WrongTypeError(f"globals_copy is a {type(globals_copy).__name__}: give a dict, such as globals()")
    try:
        with _one_at_a_time, _by_value(globals_copy or {}):
            try:
                with path.open("wb") as file:
                    cloudpickle.dump(content, file)
                    file.write(encoded(source_lines(content)))
            except (OSError, MemoryError):
                raise
            except Exception as error:
                raise NotPicklableError(_why_not(content, error)) from error
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return packed(path, "cloudpickle", "{}.{}".format(*sys.version_info[:2]), cloudpickle.__version__)


def _makes_callables(cls: type) -> bool:
    return any("__call__" in vars(base) for base in cls.__mro__)


@contextlib.contextmanager
def _by_value(names: Mapping[str, Any]) -> Iterator[None]:
    """cloudpickle's register of the process, with our modules in it, and as it was afterwards."""
    import cloudpickle

    added: List[types.ModuleType] = []
    try:
        for module in names.values():
            if not isinstance(module, types.ModuleType) or not may_go_by_value(module):
                continue
            if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
                cloudpickle.register_pickle_by_value(module)
                added.append(module)
        yield
    finally:
        for module in added:
            if module.__name__ in cloudpickle.list_registry_pickle_by_value():
                cloudpickle.unregister_pickle_by_value(module)


def may_go_by_value(module: types.ModuleType) -> bool:
    """Whether it is the user's own. A module that was made and not imported, and __main__, go by value anyway."""
    name = module.__name__
    return name in sys.modules and name not in ("__main__", "cloudpickle") and is_own(name)


def _why_not(content: Any, error: Exception) -> str:
    path, culprit = _culprit(content)
    cause = f"{type(error).__name__}: {error}"
    if "recursion" in str(error).lower():
        return (
            f"the bundle cannot be pickled, as its objects are nested too deep ({cause}): raise "
            "sys.setrecursionlimit, or load the model inside load_model_fn"
        )
    if culprit is None:
        return f"the bundle cannot be pickled ({cause}): load what is meant inside load_model_fn or load_predict_fn"
    if _holds_credentials(culprit):
        return (
            f"the bundle cannot be pickled: {path or 'something in it'} is a {type(culprit).__name__}, with which your "
            "credentials would be uploaded. Do not refer to the client in the functions or the model; a function that "
            "needs one where it is served makes it inside itself, LaunchClient()"
        )
    if _is_compiled_pydantic(culprit):
        cls, found, _ = path.partition(".__fields__")
        return (
            f"the bundle cannot be pickled: {cls if found else 'a class in it'} is a class of pydantic 1, and pydantic "
            "1 is compiled: define the class inside load_predict_fn, or use create_model_bundle_from_dirs"
        )
    what = f"{path or 'something in it'} is a {_type_name(culprit)}"
    return (
        f"the bundle cannot be pickled: {what}, and that cannot be pickled ({cause}). Make it inside load_model_fn or "
        "load_predict_fn, which run where the bundle is served, or leave it out in __getstate__"
    )


def _holds_credentials(value: Any) -> bool:
    ours = {("launch.client", "LaunchClient"), ("launch.cluster.connection", "Connection")}
    return any((base.__module__, base.__qualname__) in ours for base in type(value).__mro__)


def _is_compiled_pydantic(value: Any) -> bool:
    module = str(getattr(value, "__module__", None))
    return module.partition(".")[0] == "pydantic" and "cython_function" in type(value).__name__


def _culprit(content: Any) -> Tuple[str, Any]:
    """The object that pickling stopped at, and its path where it can be found; pickles again, into nothing."""
    import cloudpickle

    class Watched(cloudpickle.Pickler):  # type: ignore[misc]
        last: Any = None

        def persistent_id(self, value: Any) -> None:
            Watched.last = value

    with contextlib.suppress(Exception):
        Watched(_Nothing()).dump(content)
        return "", None  # it passes now: the first failure was of the moment
    for path, value in reachable(content, "" if isinstance(content, dict) else "predict_fn_or_cls"):
        if value is Watched.last:
            return path, value
    return "", Watched.last


class _Nothing:
    """A file that keeps nothing."""

    def write(self, data: Any) -> int:
        return len(data)


def _type_name(value: Any) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ in ("builtins", "__main__") else f"{cls.__module__}.{cls.__qualname__}"
