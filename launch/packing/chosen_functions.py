"""Which of the things that a file defines make the bundle, where the user names none or one. Pure."""

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Mapping, Optional

from launch.errors import InvalidBundleError

_ALONE = ("predict", "predict_fn")
_MODELS = ("load_model_fn", "model")


def chosen(names: Mapping[str, Any], module: str, where: str, wanted: Optional[str] = None) -> Dict[str, str]:
    """The arguments of create_model_bundle and what each is called in `names`, those of the file `where`.

    `wanted` is a function, class or object that predicts, or load_predict_fn. Without it: load_predict_fn with
    load_model_fn or model; else predict or predict_fn; else the only public function that the file defines itself,
    which `module` tells from those that it imports. InvalidBundleError names what there is.
    """
    if wanted not in (None, "load_predict_fn"):
        if wanted not in names:
            raise InvalidBundleError(f"{where} has no {wanted}; it has {_listed(_public(names, module))}")
        return {"predict_fn": str(wanted)}
    if callable(names.get("load_predict_fn")):
        model = next((name for name in _MODELS if names.get(name) is not None), None)
        if model is not None:
            return {"load_predict_fn": "load_predict_fn", model: model}
    if wanted is not None:
        raise InvalidBundleError(f"{where} needs load_predict_fn, and with it load_model_fn or model")
    alone = [name for name in _ALONE if callable(names.get(name))] or _functions(names, module)
    if alone[:1] and (len(alone) == 1 or alone[0] in _ALONE):
        return {"predict_fn": alone[0]}
    raise InvalidBundleError(
        f"{where} has no function predict, nor load_predict_fn with load_model_fn or model; it has "
        f"{_listed(_public(names, module))}: name the function, as in {where}:{(alone or ['my_function'])[0]}"
    )


def _functions(names: Mapping[str, Any], module: str) -> List[str]:
    return [name for name in _public(names, module) if inspect.isfunction(names[name])]


def _public(names: Mapping[str, Any], module: str) -> List[str]:
    """What can be called and is the file's own."""
    return [
        name
        for name, value in names.items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", None) == module
    ]


def _listed(names: List[str]) -> str:
    return ", ".join(names[:20]) or "no functions of its own"
