"""Clauses on inference."""

from __future__ import annotations

import copy
from typing import Any, Dict, List
from urllib.parse import quote

from oip_conformance.clause import Broken, Clauses, NotApplicable, example, need, need_error, need_object
from oip_conformance.target import DATATYPES, Answer, Target, count, flat, nested

clauses = Clauses()


def outputs(answer: Answer) -> Dict[str, Dict[str, Any]]:
    """The output tensors by name."""
    found = need_object(answer).get("outputs")
    fits = isinstance(found, list) and all(isinstance(entry, dict) and "name" in entry for entry in found)
    need(fits, answer, '"outputs" must be a list of tensors with names')
    return {entry["name"]: entry for entry in found or []}


def first_outputs(target: Target) -> Dict[str, Dict[str, Any]]:
    """The outputs of the example request by name; NotApplicable when there are none."""
    found = outputs(target.infer(example(target)))
    if not found:
        raise NotApplicable("the model has no outputs")
    return found


def altered(request: Dict[str, Any], **fields: Any) -> Dict[str, Any]:
    """The request with its first input changed; a field of the value None is left out."""
    made = copy.deepcopy(request)
    for name, value in fields.items():
        if value is None:
            made["inputs"][0].pop(name, None)
        else:
            made["inputs"][0][name] = value
    return made


@clauses.add("infer", "Inference Response JSON Object", "POST v2/models/NAME/infer has the model's name and outputs")
def _infer(target: Target) -> None:
    answer = target.infer(example(target))
    need(need_object(answer).get("model_name") == target.model, answer, f'"model_name" must be {target.model!r}')
    outputs(answer)


@clauses.add("infer-id", "Inference Request JSON Object", "an id in the request is returned in the response")
def _id(target: Target) -> None:
    answer = target.infer({**example(target), "id": "id-a8f1"})
    need(need_object(answer).get("id") == "id-a8f1", answer, '"id" must be the request\'s')


@clauses.add("infer-output", "Response Output", "an output has name, shape, datatype, and the elements of its shape")
def _output(target: Target) -> None:
    for name, entry in first_outputs(target).items():
        shape = entry.get("shape")
        if entry.get("datatype") not in DATATYPES:
            raise Broken(f"the datatype of {name} is none of the protocol's: {entry.get('datatype')!r}")
        if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
            raise Broken(f"the shape of {name} is not a list of integers: {shape!r}")
        if "data" not in entry or len(flat(entry["data"])) != count(shape):
            raise Broken(f"the shape of {name} is {shape}, its data {entry.get('data')!r:.200}")


@clauses.add("infer-nested", "Tensor Data", "data nested as the shape has it is the same as flat data")
def _nested(target: Target) -> None:
    request = example(target)
    made = copy.deepcopy(request)
    for entry in made["inputs"]:
        entry["data"] = nested(flat(entry["data"]), entry["shape"])
    plain = copy.deepcopy(request)
    for entry in plain["inputs"]:
        entry["data"] = flat(entry["data"])
    if made == plain:  # nothing to nest: the shapes have one dimension
        raise NotApplicable("no input has more than one dimension: give --request with one that has")
    _same(outputs(target.infer(plain)), outputs(target.infer(made)))


def _same(one: Dict[str, Dict[str, Any]], other: Dict[str, Dict[str, Any]]) -> None:
    if list(one) != list(other):
        raise Broken(f"the outputs differ: {list(one)} and {list(other)}")
    for name, entry in one.items():
        if entry.get("shape") != other[name].get("shape") or entry.get("datatype") != other[name].get("datatype"):
            raise Broken(f"the output {name} differs: {entry!r:.200} and {other[name]!r:.200}")


@clauses.add("infer-outputs", "Inference Request JSON Object", "only the outputs that are asked for are returned")
def _outputs(target: Target) -> None:
    names = list(first_outputs(target))
    if len(names) < 2:
        raise NotApplicable("the model has one output")
    for name in names:
        answer = target.infer({**example(target), "outputs": [{"name": name}]})
        need(list(outputs(answer)) == [name], answer, f"the only output must be {name}")


@clauses.add("infer-output-unknown", "Inference Response JSON Error Object", "an output that is not there is an error")
def _output_unknown(target: Target) -> None:
    need_error(target.infer({**example(target), "outputs": [{"name": "no-such-output-a8f1"}]}))


@clauses.add("infer-version", "Inference", "a version of the metadata can be asked, and says which it is")
def _version(target: Target) -> None:
    if not target.versions:
        raise NotApplicable("the model has no versions")
    for version in target.versions:
        answer = target.infer(example(target), f"{target.path}/versions/{quote(version, safe='')}")
        need(need_object(answer).get("model_version") == version, answer, f'"model_version" must be {version!r}')


@clauses.add("infer-parameters", "Parameters", "parameters that a server does not know are not an error")
def _parameters(target: Target) -> None:
    request = altered(example(target), parameters={"no_such_parameter_a8f1": True})
    answer = target.infer({**request, "parameters": {"no_such_parameter_a8f1": 1}})
    need(answer.ok, answer, "the status must be 2xx")


@clauses.add("infer-unknown", "Inference Response JSON Error Object", "an unknown model is an error object")
def _unknown(target: Target) -> None:
    need_error(target.infer(example(target), "/v2/models/no-such-model-a8f1"))


@clauses.add(
    "infer-not-json", "Inference Response JSON Error Object", "a body that is not valid JSON is an error object"
)
def _not_json(target: Target) -> None:
    need_error(target.infer(b"{"))


@clauses.add("infer-no-inputs", "Inference Request JSON Object", "a request without inputs is an error object")
def _no_inputs(target: Target) -> None:
    need_error(target.infer({}))


_WRONG: List[Any] = [
    ("infer-shape", "Tensor Data", "data with more elements than the shape is an error object", {"shape": [1, 99]}),
    ("infer-negative", "Request Input", "a negative dimension is an error object", {"shape": [-1]}),
    ("infer-datatype", "Tensor Data Types", "a datatype that is not there is an error object", {"datatype": "INT7"}),
    ("infer-no-name", "Request Input", "an input without a name is an error object", {"name": None}),
    ("infer-no-data", "Request Input", "an input without data is an error object", {"data": None}),
]


def _wrong(id: str, section: str, says: str, fields: Dict[str, Any]) -> None:
    @clauses.add(id, section, says)
    def check(target: Target) -> None:
        need_error(target.infer(altered(example(target), **fields)))


for _entry in _WRONG:
    _wrong(*_entry)
