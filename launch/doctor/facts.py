"""What `modelbundle doctor` found out before it judges, and the form of a judgement. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

SETTING = "MODELBUNDLE_"  # what the variables of the operator's settings begin with

YES, NO, UNKNOWN = "yes", "no", "unknown"
ADMINISTRATOR = "an administrator can see it, or `helm test`"  # in place of a setting, where rights are missing


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be found out, and why."""

    why: str


class Operator(NamedTuple):
    """One Deployment of the operator; `settings` are its variables without MODELBUNDLE_."""

    namespace: str
    version: str
    replicas: int
    ready: int
    settings: Mapping[str, str]


class StoreFacts(NamedTuple):
    """`place` is the store's address, "" where none is known; `done` are the steps that it has taken, in order, and
    `failed` what the next one said."""

    place: str
    done: List[str]
    failed: Union[str, Unknown] = ""


class Node(NamedTuple):
    """What decides whether a pod of a bundle may run there; `resources` are those that no node has of itself."""

    architecture: str
    taints: List[Mapping[str, Any]]
    resources: List[str]


class IndexAnswer(NamedTuple):
    """The HTTP status that a package index answered, 0 for none, and why none came; `url` is without a login."""

    url: str
    status: int
    failed: str = ""


class Certificates(NamedTuple):
    """Those of the ConfigMap that pods trust; `failed` says why there are none."""

    number: int = 0
    expired: Sequence[str] = ()
    failed: str = ""


_NO_STORE = StoreFacts("", [], Unknown("not asked"))


@dataclass(frozen=True)
class Facts:
    """All of them; what was not asked for is Unknown."""

    client_version: str
    client_fields: Mapping[str, List[str]] = field(default_factory=dict)
    namespace: str = ""
    server: str = ""
    in_pod: bool = False
    cluster: Union[str, Unknown] = Unknown("not asked")  # the API server's version
    fields: Union[Mapping[str, List[str]], Unknown, None] = Unknown("not asked")  # of the CRD; None without one
    operators: Union[List[Operator], Unknown] = Unknown("not asked")
    policies: Union[List[str], Unknown] = Unknown("not asked")
    devices: Union[Mapping[str, str], Unknown] = Unknown("not asked")
    labels: Union[Mapping[str, str], Unknown, None] = Unknown("not asked")  # of the namespace; None without one
    annotations: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, Union[bool, Unknown]] = field(default_factory=dict)
    quotas: Union[List[Mapping[str, Any]], Unknown] = Unknown("not asked")
    limit_ranges: Union[List[Mapping[str, Any]], Unknown] = Unknown("not asked")
    secret: Union[bool, Unknown] = Unknown("not asked")  # whether the artifact Secret is in the namespace
    indexes: Union[List[IndexAnswer], Unknown] = Unknown("not asked")
    store: StoreFacts = _NO_STORE
    # why the keys of the artifact Secret may not write layers, "" where they may; None where that is not asked for
    layer_keys: Union[str, Unknown, None] = None
    nodes: Union[List[Node], Unknown] = Unknown("not asked")
    proxies: Union[Mapping[str, str], Unknown] = Unknown("not asked")  # "" for one that answers, else what it said
    certificates: Union[Certificates, Unknown] = Unknown("not asked")
    index_secret: Union[bool, Unknown] = Unknown("not asked")  # whether it is in the namespace
    pull_secrets: Union[Mapping[str, bool], Unknown] = Unknown("not asked")  # the same of each
    # of tenants, as their ConfigMap has them; {} where there are none, None where it is missing and the operator has it
    limits: Union[Mapping[str, str], Unknown, None] = Unknown("not asked")

    @property
    def serving_operator(self) -> Union[Operator, Unknown]:
        """The operator that serves the namespace, as far as that is known."""
        if isinstance(self.operators, Unknown):
            return self.operators
        for operator in self.operators:
            watched = operator.settings.get("WATCH_NAMESPACES", "")
            if not watched or self.namespace in watched.split(","):
                return operator
        return Unknown("no operator that serves this namespace was found")

    @property
    def settings(self) -> Union[Mapping[str, str], Unknown]:
        """Those of the operator that serves the namespace."""
        found = self.serving_operator
        return found if isinstance(found, Unknown) else found.settings

    @property
    def installed(self) -> Union[Mapping[str, str], Unknown]:
        """Settings of the installation: of a single operator also where it does not serve the namespace."""
        if not isinstance(self.operators, Unknown) and len(self.operators) == 1:
            return self.operators[0].settings
        return self.settings


class Finding(NamedTuple):
    """`change` names the setting or command that makes a no a yes; a bundle may serve although an optional one says
    no."""

    answer: str
    says: str
    change: str = ""
    optional: bool = False


def yes(says: str) -> Finding:
    """As it should be."""
    return Finding(YES, says)


def no(says: str, change: str, optional: bool = False) -> Finding:
    """Not as it should be."""
    return Finding(NO, says, change, optional)


def unknown(fact: Any, change: str = "") -> Finding:
    """What could not be found out: an Unknown, or a text."""
    return Finding(UNKNOWN, fact.why if isinstance(fact, Unknown) else str(fact), change)


def named_fields(schema: Optional[Mapping[str, Any]]) -> Dict[str, List[str]]:
    """The names of the fields of spec.bundle and spec.serving in a ModelBundle's schema."""
    spec = ((schema or {}).get("properties") or {}).get("spec") or {}
    parts = spec.get("properties") or {}
    return {part: sorted((parts.get(part) or {}).get("properties") or {}) for part in ("bundle", "serving")}


def artifact_secret_name(settings: Union[Mapping[str, str], Unknown]) -> str:
    """Of the Secret with which pods read artifacts; "" where the operator names none."""
    return "modelbundle-artifacts" if isinstance(settings, Unknown) else settings.get("ARTIFACT_SECRET", "")
