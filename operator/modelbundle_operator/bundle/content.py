"""The content of a bundle, made ready to run: the bundle document, its digest, and what is wrong with it.

Here live the checks that CEL cannot make, because it sees neither into free-form maps (appConfig, the schemas) nor
whether they are set at all, nor what a clone inherits. Pure.
"""

from dataclasses import dataclass
from typing import Any

from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import BundleDocument, digest
from bundle_spec.exact_values import read_config_json
from bundle_spec.process_text import check_process_text
from bundle_spec.requirements import check_requirements
from bundle_spec.value_count import check_count
from modelbundle_operator.api.bundle import DOCUMENT_MAX, too_large
from modelbundle_operator.api.names import Reason
from modelbundle_operator.api.verdict import sentence
from modelbundle_operator.bundle.json_schema import check_schema
from modelbundle_operator.errors import Terminal


@dataclass(frozen=True)
class Content:
    """What is to run. `canonical` is bundle.json, `digest` its sha256; `uri` is where the artifact lies."""

    document: BundleDocument
    canonical: str
    digest: str
    uri: str


def content(fields: dict[str, Any], accepted: str | None = None) -> Content:
    """The content of a bundle with these fields, none of them inherited; Terminal says where they are wrong.

    `accepted`: the digest that its status has. A bundle that was accepted before there was a bound on its values goes
    on as it is: an upgrade restarts no model.
    """
    try:
        _check_schemas({name: fields[name] for name in ("requestSchema", "responseSchema") if fields.get(name)})
        document = bundle_document(fields)
        if "appConfigJSON" in document:
            read_config_json(document["appConfigJSON"])
        check_process_text(fields)
        check_requirements(document.get("requirements"))
        beyond = _too_many(document)
        if beyond is not None and accepted is None:
            raise beyond  # at no further cost
        written = canonical(document)
    except ValueError as error:
        raise Terminal(Reason.INVALID_VALUE, f"{sentence(_full_path(str(error)))} {_NEW_BUNDLE}") from None
    if len(written) > DOCUMENT_MAX:
        raise Terminal(Reason.TOO_LARGE, too_large(len(written)))
    _check_functions(document)
    made = Content(document, written.decode(), digest(written), fields["artifact"]["uri"])
    if beyond is not None and made.digest != accepted:
        raise beyond
    return made


_NEW_BUNDLE = "spec.bundle is immutable: create a corrected bundle under a new name."


def _full_path(text: str) -> str:
    return text.replace("$.", "spec.bundle.")


def _too_many(document: BundleDocument) -> Terminal | None:
    try:
        check_count(document)
    except ValueError as error:
        return Terminal(Reason.TOO_LARGE, f"{sentence(_full_path(str(error)))} {_NEW_BUNDLE}")
    return None


def _check_functions(document: BundleDocument) -> None:
    """The API server has checked this of a bundle of its own; a clone's packaging it does not see."""
    if document["artifact"]["packaging"] == "zip":
        return
    for name in ("loadPredictFn", "loadModelFn"):
        if name in document:
            raise Terminal(
                Reason.INVALID_VALUE,
                f"spec.bundle.{name} goes with packaging zip only, and the base's artifact is a cloudpickle, which has"
                f" its functions: leave it out. {_NEW_BUNDLE}",
            )


def _check_schemas(schemas: dict[str, Any]) -> None:
    present = list(schemas)
    if len(present) == 1:
        other = "responseSchema" if present == ["requestSchema"] else "requestSchema"
        raise Terminal(
            Reason.INVALID_SCHEMA,
            f"spec.bundle.{present[0]} is set and spec.bundle.{other} is not, or is {{}}, which counts as not set: set"
            f" both or neither. {_NEW_BUNDLE}",
        )
    for name in present:
        if problem := check_schema(schemas[name]):
            raise Terminal(Reason.INVALID_SCHEMA, f"spec.bundle.{name}{problem}. {_NEW_BUNDLE}")
