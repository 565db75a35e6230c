"""Every edit of every field of a bundle, as a table: which bundle, what, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.cluster.crd_api import Object
from tools.testkit.model_bundles import PYTORCH, REQUEST_SCHEMA, RESPONSE_SCHEMA, SHA256

OTHER_SHA256 = SHA256[::-1]


IMAGE = {"repository": "registry.local/team/image", "tag": "1", "digest": "sha256:" + SHA256}


ZIP: Object = {
    "artifact": {
        "uri": "s3://models/a.zip",
        "sha256": SHA256,
        "packaging": "zip",
        "pythonVersion": "3.11",
        "cloudpickleVersion": "3.1.2",
    },
    "envParams": {"frameworkType": "custom_base_image", "customBaseImage": IMAGE},
    "requirements": ["numpy==1.26.4", "scikit-learn==1.5.2"],
    "appConfig": {
        "mode": "single",
        "count": 1,
        "big": 2**53 - 1,
        "scale": 0.5,
        "flag": True,
        "text": "1",
        "deep": {"list": [1, "two", {"three": 3}], "map": {"a": 1, "b": {"c": 2}}},
    },
    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    "loadPredictFn": "predict.my_load_predict_fn",
    "loadModelFn": "model.my_load_model_fn",
    "requestSchema": REQUEST_SCHEMA,
    "responseSchema": RESPONSE_SCHEMA,
}


PICKLE: Object = {
    "artifact": {"uri": "s3://models/a.pkl", "sha256": SHA256, "packaging": "cloudpickle"},
    "envParams": PYTORCH,
    "appConfigJSON": '{"scale": 1.0}',
}


TENSORFLOW: Object = {**PICKLE, "envParams": {"frameworkType": "tensorflow", "tensorflowVersion": "2.3.0"}}


CLONE: Object = {"cloneFrom": {"name": "base", "digest": "sha256:" + SHA256}, "appConfig": {"mode": "batched"}}


BASES = {"zip": ZIP, "pickle": PICKLE, "tensorflow": TENSORFLOW, "clone": CLONE}


GONE: Any = object()


def put(path: str, value: Any) -> Callable[[Object], None]:
    """Sets, or with GONE removes, what lies at a dotted path."""

    def edit(bundle: Any) -> None:
        *parents, last = path.split(".")
        for part in parents:
            bundle = bundle[int(part) if part.isdigit() else part]
        key: Any = int(last) if last.isdigit() else last
        if value is GONE:
            del bundle[key]
        elif isinstance(bundle, list) and key == len(bundle):
            bundle.append(value)
        else:
            bundle[key] = value

    return edit


def rename(path: str, new: str) -> Callable[[Object], None]:
    """The same value, in the same place, under another key."""

    def edit(bundle: Any) -> None:
        *parents, last = path.split(".")
        for part in parents:
            bundle = bundle[part]
        entries = list(bundle.items())
        bundle.clear()
        bundle.update({new if key == last else key: value for key, value in entries})

    return edit


def turn_round(path: str) -> Callable[[Object], None]:
    """A list in reverse."""

    def edit(bundle: Any) -> None:
        for part in path.split("."):
            bundle = bundle[int(part) if part.isdigit() else part]
        bundle.reverse()

    return edit


def both(*edits: Callable[[Object], None]) -> Callable[[Object], None]:
    def edit(bundle: Object) -> None:
        for one in edits:
            one(bundle)

    return edit


CONFIG, DEEP, PROPERTIES = "appConfig", "appConfig.deep", "requestSchema.properties"


EDITS: list[tuple[str, str, Callable[[Object], None]]] = [
    ("zip", "artifact.uri: value", put("artifact.uri", "s3://models/b.zip")),
    ("zip", "artifact.sha256: value", put("artifact.sha256", OTHER_SHA256)),
    ("zip", "artifact.sha256: removed", put("artifact.sha256", GONE)),
    ("zip", "artifact.packaging: value", put("artifact.packaging", "cloudpickle")),
    ("zip", "artifact.pythonVersion: value", put("artifact.pythonVersion", "3.12")),
    ("zip", "artifact.pythonVersion: removed", put("artifact.pythonVersion", GONE)),
    ("zip", "artifact.cloudpickleVersion: value", put("artifact.cloudpickleVersion", "3.1.1")),
    ("zip", "artifact.cloudpickleVersion: null", put("artifact.cloudpickleVersion", None)),
    ("pickle", "artifact.pythonVersion: added", put("artifact.pythonVersion", "3.12")),
    ("zip", "artifact: removed", put("artifact", GONE)),
    ("zip", "artifact: turned into a clone", both(put("artifact", GONE), put("cloneFrom", {"name": "base"}))),
    ("zip", "cloneFrom: added", put("cloneFrom", {"name": "base"})),
    ("clone", "cloneFrom.name: value", put("cloneFrom.name", "another")),
    ("clone", "cloneFrom.digest: value", put("cloneFrom.digest", "sha256:" + OTHER_SHA256)),
    ("clone", "cloneFrom.digest: removed", put("cloneFrom.digest", GONE)),
    ("clone", "appConfig: value", put("appConfig.mode", "single")),
    ("clone", "requirements: added, empty", put("requirements", [])),
    ("zip", "envParams: another framework", put("envParams", PYTORCH)),
    ("zip", "envParams: removed", put("envParams", GONE)),
    ("pickle", "envParams.pytorchImageTag: value", put("envParams.pytorchImageTag", "2.0.0")),
    ("tensorflow", "envParams.tensorflowVersion: value", put("envParams.tensorflowVersion", "2.4.0")),
    ("zip", "customBaseImage.repository: value", put("envParams.customBaseImage.repository", "registry.local/other")),
    ("zip", "customBaseImage.tag: value", put("envParams.customBaseImage.tag", "2")),
    ("zip", "customBaseImage.tag: removed", put("envParams.customBaseImage.tag", GONE)),
    ("zip", "customBaseImage.digest: value", put("envParams.customBaseImage.digest", "sha256:" + OTHER_SHA256)),
    ("zip", "customBaseImage.digest: removed", put("envParams.customBaseImage.digest", GONE)),
    ("zip", "requirements: value", put("requirements.0", "numpy==1.26.3")),
    ("zip", "requirements: reordered", turn_round("requirements")),
    ("zip", "requirements: appended", put("requirements.2", "pandas")),
    ("zip", "requirements: item removed", put("requirements.1", GONE)),
    ("zip", "requirements: emptied", put("requirements", [])),
    ("zip", "requirements: removed", put("requirements", GONE)),
    ("zip", "requirements: null", put("requirements", None)),
    ("zip", "appConfig: value", put(f"{CONFIG}.mode", "batched")),
    ("zip", "appConfig: key added", put(f"{CONFIG}.more", 1)),
    ("zip", "appConfig: key removed", put(f"{CONFIG}.mode", GONE)),
    ("zip", "appConfig: key renamed", rename(f"{CONFIG}.mode", "mood")),
    ("zip", "appConfig: value null", put(f"{CONFIG}.mode", None)),
    ("zip", "appConfig: null key added", put(f"{CONFIG}.nothing", None)),
    ("zip", "appConfig: number to text", put(f"{CONFIG}.count", "1")),
    ("zip", "appConfig: text to number", put(f"{CONFIG}.text", 1)),
    ("zip", "appConfig: number to boolean", put(f"{CONFIG}.count", True)),
    ("zip", "appConfig: boolean", put(f"{CONFIG}.flag", False)),
    ("zip", "appConfig: boolean to text", put(f"{CONFIG}.flag", "true")),
    ("zip", "appConfig: integer to the equal float", put(f"{CONFIG}.count", 1.0)),
    ("zip", "appConfig: large integer to its neighbour", put(f"{CONFIG}.big", 2**53 - 2)),
    ("zip", "appConfig: float by one bit", put(f"{CONFIG}.scale", 0.5000000000000001)),
    ("zip", "appConfig: emptied", put(CONFIG, {})),
    ("zip", "appConfig: removed", put(CONFIG, GONE)),
    ("zip", "appConfig: map to list", put(f"{DEEP}.map", [])),
    ("zip", "appConfig: nested value", put(f"{DEEP}.map.b.c", 3)),
    ("zip", "appConfig: nested key renamed", rename(f"{DEEP}.map.b", "bb")),
    ("zip", "appConfig: nested null", put(f"{DEEP}.map.a", None)),
    ("zip", "appConfig: nested list reordered", turn_round(f"{DEEP}.list")),
    ("zip", "appConfig: value in a nested list", put(f"{DEEP}.list.2.three", 4)),
    ("zip", "appConfig: nested list longer", put(f"{DEEP}.list.3", None)),
    ("pickle", "appConfigJSON: value", put("appConfigJSON", '{"scale": 1}')),
    ("pickle", "appConfigJSON: spaces only", put("appConfigJSON", '{"scale":1.0}')),
    ("pickle", "appConfigJSON: removed", put("appConfigJSON", GONE)),
    ("pickle", "appConfig: added", put(CONFIG, {"scale": 1})),
    ("zip", "env: value", put("env.0.value", "3")),
    ("zip", "env: name", put("env.0.name", "C")),
    ("zip", "env: reordered", turn_round("env")),
    ("zip", "env: added", put("env.2", {"name": "C", "value": "3"})),
    ("zip", "env: item removed", put("env.1", GONE)),
    ("zip", "env: removed", put("env", GONE)),
    ("pickle", "env: added, empty", put("env", [])),
    ("zip", "loadPredictFn: value", put("loadPredictFn", "predict.other")),
    ("zip", "loadModelFn: value", put("loadModelFn", "model.other")),
    ("zip", "loadModelFn: removed", put("loadModelFn", GONE)),
    ("zip", "requestSchema: property renamed", rename(f"{PROPERTIES}.y", "z")),
    ("zip", "requestSchema: y read as a YAML 1.1 boolean", rename(f"{PROPERTIES}.y", "true")),
    ("zip", "requestSchema: property removed", put(f"{PROPERTIES}.y", GONE)),
    ("zip", "requestSchema: property added", put(f"{PROPERTIES}.z", {})),
    ("zip", "requestSchema: nested value", put(f"{PROPERTIES}.x.type", "number")),
    ("zip", "requestSchema: default null added", put(f"{PROPERTIES}.x.default", None)),
    ("zip", "requestSchema: required reordered", turn_round("requestSchema.required")),
    ("zip", "requestSchema: emptied", put("requestSchema", {})),
    ("zip", "responseSchema: value", put("responseSchema.type", "number")),
    ("zip", "responseSchema: removed", put("responseSchema", GONE)),
    ("zip", "both schemas: removed", both(put("requestSchema", GONE), put("responseSchema", GONE))),
    ("zip", "a field that does not exist", put("extra", "dropped by the API server")),
]


# what may be accepted, as no stored byte changes: the API server drops or normalises it, or the verb cannot say it
MAY_BE_ACCEPTED = {
    "a field that does not exist",
    "appConfig: integer to the equal float",
    "appConfig: null key added",  # kubectl and merge patch drop it
    "requestSchema: default null added",
}
