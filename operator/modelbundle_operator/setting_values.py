"""What settings may hold, most of them about a pod's surroundings. A ValueError says what is wrong; the variable is
named with it."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

IndexStrategy = Literal["", "first-index", "unsafe-first-match", "unsafe-best-match"]
AddressingStyle = Literal["", "path", "virtual", "auto"]
SignatureVersion = Literal["", "s3v4", "s3"]
PodIds = Literal["fixed", "platform"]
PullPolicy = Literal["Always", "IfNotPresent", "Never"]

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9.:*/\[\]_-]+")
_TOLERATION = {"key": str, "operator": str, "value": str, "effect": str, "tolerationSeconds": int}
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_KEY = re.compile(r"[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,252}")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
# by which pods are found, and which take a container's walls away: neither authors nor platforms set them
_NOT_TO_SET = re.compile(
    r"([^/]*\.)?modelbundle\.dev/.*|([^/]*\.)?(apparmor|seccomp)\.security\.(alpha|beta)\.kubernetes\.io/.*"
    r"|app\.kubernetes\.io/managed-by|pod-template-hash|kubectl\.kubernetes\.io/default-container"
)


def listed(value: str) -> tuple[str, ...]:
    """What commas separate, each once."""
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def object_name(value: str) -> str:
    """Of a Secret or ConfigMap."""
    if not _NAME.fullmatch(value):
        raise ValueError("must be the name of an object: lower-case letters, digits, - and .")
    return value


def namespace(value: str) -> str:
    """Of one namespace. A pattern, which kopf would take, is none: its objects could not be listed."""
    if not _NAMESPACE.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a namespace: 63 lower-case letters, digits and - at most")
    return value


def namespaces(value: str) -> tuple[str, ...]:
    """Separated by commas."""
    return tuple(sorted(namespace(name) for name in listed(value)))


def image(value: str) -> str:
    """An image, or what stands before a tag or a repository: every pod would have it in its image's name."""
    value = value.strip().rstrip("/")
    if "://" in value or re.search(r"\s", value):
        raise ValueError("must be the name of an image without a scheme, such as registry.example.com/models/runtime")
    return value


def log_level(value: str) -> str:
    """As Python's logging has it."""
    if value.upper() not in (levels := logging.getLevelNamesMapping()):
        raise ValueError(f"must be one of {', '.join(sorted(levels, key=levels.__getitem__))}")
    return value.upper()


def config_key(value: str) -> str:
    """Of a Secret or ConfigMap."""
    if not _KEY.fullmatch(value):
        raise ValueError("must be a key of a ConfigMap: letters, digits, -, _ and .")
    return value


def proxy(value: str) -> str:
    """http://HOST:PORT. Every reader of pods reads it there, so it has no login."""
    if "@" in value:
        raise ValueError("it holds a user name or password, which everybody who may read pods could read")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be the URL of a proxy, such as http://proxy.example.com:3128")
    return value.rstrip("/")


def hosts(value: str) -> tuple[str, ...]:
    """Separated by commas: names, .domains, addresses and networks, in the order in which they were written."""
    found = listed(value)
    if wrong := next((host for host in found if not _HOST.fullmatch(host)), None):
        raise ValueError(f"{wrong!r} is not a host: names, .domains, addresses and networks go here")
    return found


def indexes(value: str) -> tuple[str, ...]:
    """URLs, separated by commas, the one that is asked first before the others; logins are in a Secret."""
    found = listed(value)
    for url in found:
        if "@" in url.partition("?")[0]:
            raise ValueError("one holds a user name or password; packageIndexSecret names a Secret for these")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname or " " in url:
            raise ValueError(f"{url!r} is not an http or https URL")
    return found


def one_of(words: Any, said: str) -> Callable[[str], Any]:
    """One of the words of a Literal; `said` lists them."""

    def parse(value: str) -> str:
        if not value or value not in get_args(words):
            raise ValueError(f"must be {said}")
        return value

    return parse


def object_names(value: str) -> tuple[str, ...]:
    """Separated by commas, in the order in which they were written."""
    return tuple(map(object_name, listed(value)))


def tolerations(value: str) -> tuple[dict[str, Any], ...]:
    """A JSON array of a pod's tolerations: what the API server would refuse in every pod is refused here."""
    found = json.loads(value)
    if not isinstance(found, list):
        raise ValueError("must be a JSON array of tolerations, as a pod has them")  # noqa: TRY004
    for one in found:
        if not isinstance(one, dict) or any(type(item) is not _TOLERATION.get(name) for name, item in one.items()):
            raise ValueError(f"{one!r} is not a toleration: {', '.join(_TOLERATION)} are its fields")
        exists = one.get("operator") == "Exists"
        if one.get("operator", "Equal") not in ("Exists", "Equal") or one.get("effect", "NoExecute") not in _EFFECTS:
            raise ValueError(f"{one!r}: operator is Exists or Equal, effect one of {', '.join(_EFFECTS)}")
        if (exists and one.get("value")) or not (exists or one.get("key")):
            raise ValueError(f"{one!r}: operator Exists takes no value, and Equal needs a key")
        if "tolerationSeconds" in one and one.get("effect") != "NoExecute":
            raise ValueError(f"{one!r}: tolerationSeconds needs effect NoExecute")
        if not -(2**63) <= one.get("tolerationSeconds", 0) < 2**63:
            raise ValueError(f"{one!r}: tolerationSeconds has 64 bits")
        if not _LABEL_KEY.fullmatch(one.get("key") or "any") or not _LABEL_VALUE.fullmatch(one.get("value") or ""):
            raise ValueError(f"{one!r}: key and value are those of a taint, such as example.com/pool and models")
    return tuple(found)


def labels(value: str) -> tuple[tuple[str, str], ...]:
    """A JSON object of labels of pods."""
    found = annotations(value)
    if wrong := next((text for _, text in found if not _LABEL_VALUE.fullmatch(text)), None):
        raise ValueError(f"{wrong!r} cannot be the value of a label: 63 letters, digits, -, _ and . at most")
    return found


def annotations(value: str) -> tuple[tuple[str, str], ...]:
    """A JSON object of annotations of pods."""
    found = json.loads(value)
    if not isinstance(found, dict) or any(not isinstance(text, str) for text in found.values()):
        raise ValueError("must be a JSON object of texts")
    for key in found:
        if not _LABEL_KEY.fullmatch(key) or _NOT_TO_SET.fullmatch(key):
            raise ValueError(f"{key!r} is no key that a platform sets, such as team or example.com/team")
    return tuple(found.items())


def flag(value: str) -> bool:
    """true or false."""
    if value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value.lower() == "true"
