"""Clauses on health and metadata."""

from __future__ import annotations

from typing import Any, Dict
from urllib.parse import quote

from oip_conformance.clause import Broken, Clauses, NotApplicable, need, need_error, need_object
from oip_conformance.target import DATATYPES, Target

clauses = Clauses()
_MISSING = "no-such-model-a8f1"
_MISSING_VERSION = "no-such-version-a8f1"


@clauses.add("live", "Server Live", "GET v2/health/live is 200 while the server can answer")
def _live(target: Target) -> None:
    answer = target.get("/v2/health/live")
    need(answer.status == 200, answer, "the status must be 200")


@clauses.add("live-body", "Server Live Response JSON Object", 'the body is {"live": true}')
def _live_body(target: Target) -> None:
    answer = target.get("/v2/health/live")
    need(need_object(answer).get("live") is True, answer, '"live" must be true')


@clauses.add("ready", "Server Ready", "GET v2/health/ready is 200 when the models are ready")
def _ready(target: Target) -> None:
    answer = target.get("/v2/health/ready")
    need(answer.status == 200, answer, "the status must be 200")


@clauses.add("ready-body", "Server Ready Response JSON Object", 'the body has "live" (or "ready"), a boolean')
def _ready_body(target: Target) -> None:
    answer = target.get("/v2/health/ready")
    found = need_object(answer)  # the text of the specification says "live" where servers say "ready"
    need(isinstance(found.get("live", found.get("ready")), bool), answer, '"live" or "ready" must be a boolean')


@clauses.add("model-ready", "Model Ready", "GET v2/models/NAME/ready is 200 for a model that can be asked")
def _model_ready(target: Target) -> None:
    answer = target.get(target.path + "/ready")
    need(answer.status == 200, answer, "the status must be 200")


@clauses.add("model-ready-body", "Model Ready Response JSON Object", 'the body is {"name": NAME, "ready": true}')
def _model_ready_body(target: Target) -> None:
    answer = target.get(target.path + "/ready")
    found = need_object(answer)
    need(found.get("name") == target.model, answer, f'"name" must be {target.model!r}')
    need(found.get("ready") is True, answer, '"ready" must be true')


@clauses.add("model-ready-unknown", "Model Ready", "a model that is not there is not ready")
def _model_ready_unknown(target: Target) -> None:
    answer = target.get(f"/v2/models/{_MISSING}/ready")
    need(answer.status >= 400, answer, "the status must be an error's")


@clauses.add("server-metadata", "Server Metadata Response JSON Object", "GET v2 has name, version and extensions")
def _server(target: Target) -> None:
    answer = target.get("/v2")
    found = need_object(answer)
    for name in ("name", "version"):
        need(isinstance(found.get(name), str), answer, f'"{name}" must be a string')
    extensions = found.get("extensions")
    fits = isinstance(extensions, list) and all(isinstance(entry, str) for entry in extensions)
    need(fits, answer, '"extensions" must be a list of strings')


@clauses.add("model-metadata", "Model Metadata Response JSON Object", "GET v2/models/NAME has the name and a platform")
def _model(target: Target) -> None:
    answer = target.get(target.path)
    found = need_object(answer)
    need(found.get("name") == target.model, answer, f'"name" must be {target.model!r}')
    need(isinstance(found.get("platform"), str), answer, '"platform" must be a string')


@clauses.add("model-versions", "Model Metadata Response JSON Object", '"versions", when there, is a list of strings')
def _versions(target: Target) -> None:
    answer = target.get(target.path)
    versions = need_object(answer).get("versions")
    if versions is None:
        raise NotApplicable("the model has no versions")
    fits = isinstance(versions, list) and all(isinstance(entry, str) for entry in versions)
    need(fits, answer, '"versions" must be a list of strings')


@clauses.add("model-tensors", "Model Metadata Response JSON Object", "inputs and outputs are lists of metadata_tensor")
def _tensors(target: Target) -> None:
    answer = target.get(target.path)
    found = need_object(answer)
    for side in ("inputs", "outputs"):
        entries = found.get(side)
        need(isinstance(entries, list), answer, f'"{side}" must be a list')
        for entry in entries or []:
            _check_tensor(entry, side)


def _check_tensor(entry: Any, side: str) -> None:
    fields: Dict[str, Any] = entry if isinstance(entry, dict) else {}
    shape = fields.get("shape")
    if not isinstance(fields.get("name"), str):
        raise Broken(f"an entry of {side} has no name: {entry!r:.200}")
    if fields.get("datatype") not in DATATYPES:
        raise Broken(f"the datatype of {fields['name']} is none of the protocol's: {fields.get('datatype')!r}")
    if not isinstance(shape, list) or not all(type(size) is int and size >= -1 for size in shape):
        raise Broken(f"the shape of {fields['name']} is not a list of integers of at least -1: {shape!r}")


@clauses.add(
    "model-metadata-unknown", "Model Metadata Response JSON Error Object", "an unknown model is an error object"
)
def _model_unknown(target: Target) -> None:
    need_error(target.get(f"/v2/models/{_MISSING}"))


@clauses.add("version", "Model Metadata", "each version of the metadata can be asked for, and is ready")
def _version(target: Target) -> None:
    if not target.versions:
        raise NotApplicable("the model has no versions")
    for version in target.versions:
        path = f"{target.path}/versions/{quote(version, safe='')}"
        need(need_object(target.get(path)).get("name") == target.model, target.get(path), '"name" must be the model\'s')
        answer = target.get(path + "/ready")
        need(answer.status == 200, answer, f"{version} must be ready")


@clauses.add("version-unknown", "Model Metadata Response JSON Error Object", "an unknown version is an error object")
def _version_unknown(target: Target) -> None:
    if not target.versions:
        raise NotApplicable("the model has no versions")
    need_error(target.get(f"{target.path}/versions/{_MISSING_VERSION}"))
