"""Writes a CustomResourceDefinition from the models: `make crd`, or `python -m modelbundle_operator.tools.crd PLURAL`.

pydantic's own JSON Schema is not structural (`$ref`, `anyOf` with null, `title`), so this walks the model fields
instead. It knows exactly the types that the models use and refuses any other, rather than guess a schema.
"""

import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import annotated_types
import yaml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from modelbundle_operator.api.base import RULES_KEY, ApiModel, Rule, rules
from modelbundle_operator.api.bundle import NAME_RULES
from modelbundle_operator.api.endpoint import (
    ENDPOINT_KIND,
    ENDPOINT_NAME_RULES,
    EndpointSpec,
    EndpointStatus,
    ModelEndpoint,
)
from modelbundle_operator.api.names import KIND, ModelBundle, Spec, Status
from modelbundle_operator.kube.kinds import KINDS, Kind

Schema = dict[str, Any]

# `type: object` with preserve-unknown-fields lets a key be renamed under `self == oldSelf`: for a key without a schema
# the API server compares the number of keys. A map of untyped values does not have that hole.
ANY_VALUE: Final[Schema] = {"x-kubernetes-preserve-unknown-fields": True, "nullable": True}

# A free-form map is owned whole: managedFields would name each key inside it, at any depth. That is more text than the
# map itself, and at each write of anything the API server takes it apart and merges it (docs/adr/0019).
WHOLE: Final[Schema] = {"x-kubernetes-map-type": "atomic"}

# A quantity is a number or a text. A structural schema has int-or-string, which refuses 0.5, or any value: with bounds
# that hold for numbers and for texts. What is neither is the models' to refuse (api/resources.py).
_SCALARS: Final[dict[Any, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}

Columns = tuple[tuple[str, str, str, str, int], ...]


@dataclass(frozen=True)
class Resource:
    """What tells one of our kinds from another."""

    kind: Kind
    short_names: tuple[str, ...]
    words: str | None
    spec: type[ApiModel]
    status: type[ApiModel]
    name_rules: tuple[Rule, ...]
    columns: Columns
    selectable: tuple[str, ...] = ()  # what `kubectl get --field-selector` takes, from Kubernetes 1.31 on (adr/0005)
    subresources: Mapping[str, Any] = field(default_factory=dict)


_READY: Final[Columns] = (
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', "Pods of this digest answer.", 0),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', "Why Ready is what it is.", 0),
)
_AGE: Final[Columns] = (("Age", "date", ".metadata.creationTimestamp", "Time since it was created.", 0),)

BUNDLES: Final = Resource(
    KINDS[KIND],
    ("mbun",),
    ModelBundle.__doc__,
    Spec,
    Status,
    NAME_RULES,
    columns=(
        *_READY,
        ("Replicas", "integer", ".spec.serving.replicas", "Pods asked for.", 0),
        ("Ready-Replicas", "integer", ".status.readyReplicas", "Pods that answer.", 0),
        ("GPU", "integer", ".spec.serving.gpu.count", "GPUs of each pod.", 0),
        ("Base", "string", ".spec.bundle.cloneFrom.name", "The bundle that this one was cloned from.", 0),
        *_AGE,
        ("Root", "string", ".status.lineage.root", "The first bundle of the line of clones.", 1),
        ("Digest", "string", ".status.digest", "What was asked to run.", 1),
    ),
    selectable=(".spec.bundle.cloneFrom.name", ".status.lineage.root", ".status.digest"),
    subresources={
        "scale": {
            "specReplicasPath": ".spec.serving.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }
    },
)
ENDPOINTS: Final = Resource(
    KINDS[ENDPOINT_KIND],
    ("mep", "mend"),  # mend goes with the release after 0.2
    ModelEndpoint.__doc__,
    EndpointSpec,
    EndpointStatus,
    ENDPOINT_NAME_RULES,
    columns=(
        *_READY,
        ("Bundle", "string", ".spec.bundle", "The bundle that is to answer.", 0),
        ("Active", "string", ".status.bundle", "The only bundle that answers; empty during a move.", 0),
        *_AGE,
        ("URL", "string", ".status.endpoint.url", "Where it answers inside the cluster.", 1),
    ),
    selectable=(".spec.bundle",),
)
RESOURCES: Final = {resource.kind.plural: resource for resource in (BUNDLES, ENDPOINTS)}


def custom_resource_definition(resource: Resource = BUNDLES) -> dict[str, Any]:
    """The whole CRD."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.kind.plural}.{resource.kind.group}"},
        "spec": {
            "group": resource.kind.group,
            "names": {
                "kind": resource.kind.name,
                "listKind": f"{resource.kind.name}List",
                "plural": resource.kind.plural,
                "singular": resource.kind.name.lower(),
                "shortNames": list(resource.short_names),
                # no resource's name: kubectl would take `get modelbundles` for the whole category
                "categories": ["modelserving"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": resource.kind.version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}, **resource.subresources},
                    "selectableFields": [{"jsonPath": path} for path in resource.selectable],
                    "additionalPrinterColumns": [_column(*column) for column in resource.columns],
                    "schema": {"openAPIV3Schema": object_schema(resource)},
                }
            ],
        },
    }


def object_schema(resource: Resource = BUNDLES) -> Schema:
    """The schema of a whole object."""
    return {
        "description": resource.words,
        "type": "object",
        "required": ["spec"],
        **rules(*resource.name_rules),
        "properties": {
            "apiVersion": {"type": "string", "description": resource.kind.api_version},
            "kind": {"type": "string", "description": resource.kind.name},
            "metadata": {"type": "object"},
            "spec": model_schema(resource.spec),
            "status": {**model_schema(resource.status), "default": {}},
        },
    }


def model_schema(model: type[ApiModel]) -> Schema:
    """A model as a structural object schema."""
    properties = {field.alias: _field_schema(f"{model.__name__}.{name}", field) for name, field in _fields(model)}
    required = [field.alias for _, field in _fields(model) if field.is_required()]
    return {
        "description": model.__doc__,
        "type": "object",
        **({"required": required} if required else {}),
        **(rules(*model.RULES) if model.RULES else {}),
        "properties": properties,
    }


def _fields(model: type[ApiModel]) -> list[tuple[str, FieldInfo]]:
    return list(model.model_fields.items())


def _field_schema(where: str, field: FieldInfo) -> Schema:
    schema = _type_schema(where, field.annotation)
    schema |= _bounds(schema, field.metadata)
    if field.description:
        schema["description"] = field.description
    if "description" not in schema:
        raise TypeError(f"{where} has no description")
    if field.default_factory is not None:
        schema["default"] = {}
    elif field.default is not PydanticUndefined and field.default is not None:
        schema["default"] = field.default
    extra: Any = field.json_schema_extra or {}
    both = [*schema.get(RULES_KEY, []), *extra.get(RULES_KEY, [])]
    return {**schema, **extra, **({RULES_KEY: both} if both else {})}


def _type_schema(where: str, kind: Any) -> Schema:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        schema = _type_schema(where, args[0])
        return schema | _bounds(schema, args[1:])
    if origin in (Union, types.UnionType):
        return _union_schema(where, [arg for arg in args if arg is not types.NoneType])
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin is list:
        return {"type": "array", "items": _type_schema(where, args[0])}
    if origin is dict:
        return {"type": "object", **(WHOLE if args[1] is Any else {}), "additionalProperties": _value(where, args)}
    if isinstance(kind, type) and issubclass(kind, ApiModel):
        return model_schema(kind)
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    raise TypeError(f"{where} has the type {kind}, which this generator does not know")


def _value(where: str, args: tuple[Any, ...]) -> Schema:
    if args[0] is not str:
        raise TypeError(f"{where}: a structural schema cannot constrain a map's keys; use a rule")
    return dict(ANY_VALUE) if args[1] is Any else _type_schema(where, args[1])


def _union_schema(where: str, kinds: list[Any]) -> Schema:
    if len(kinds) == 1:
        return _type_schema(where, kinds[0])
    schemas = [_type_schema(where, kind) for kind in kinds]
    if [schema.pop("type") for schema in schemas] != ["integer", "number", "string"]:
        raise TypeError(f"{where}: the only union is that of a quantity")
    return {"x-kubernetes-preserve-unknown-fields": True, **schemas[1], **schemas[2]}


def _bounds(schema: Schema, metadata: Any) -> Schema:
    """pydantic's constraints under the names that the schema's type has for them."""
    kind = {"array": "Items", "object": "Properties"}.get(schema.get("type", "string"), "Length")
    found: Schema = {}
    for item in metadata:
        if isinstance(item, FieldInfo):
            found |= _bounds(schema, item.metadata)
        elif isinstance(item, annotated_types.MinLen):
            found[f"min{kind}"] = item.min_length
        elif isinstance(item, annotated_types.MaxLen):
            found[f"max{kind}"] = item.max_length
        elif isinstance(item, annotated_types.Ge):
            found["minimum"] = item.ge
        elif isinstance(item, annotated_types.Le):
            found["maximum"] = item.le
        elif pattern := getattr(item, "pattern", None):
            found["pattern"] = pattern
    return found


def _column(name: str, kind: str, path: str, description: str, priority: int) -> dict[str, Any]:
    column = {"name": name, "type": kind, "jsonPath": path, "description": description}
    return {**column, "priority": priority} if priority else column


class _NoAliases(yaml.SafeDumper):
    """Writes equal parts out in full: `&id001` reads badly and some tools refuse it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def main(arguments: Sequence[str] = ()) -> None:
    """Print the CRD of the plural that is named, of ModelBundle when none is."""
    resource = RESOURCES[arguments[0]] if arguments else BUNDLES
    sys.stdout.write("# Generated from the pydantic models by `make crd`; do not edit.\n")
    crd = custom_resource_definition(resource)
    yaml.dump(crd, sys.stdout, Dumper=_NoAliases, sort_keys=False, width=120)


if __name__ == "__main__":
    main(sys.argv[1:])
