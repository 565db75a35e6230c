"""Whether the API server would take a manifest: it is asked, and keeps nothing of it."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, NamedTuple, Optional

from bundle_spec.names import PLURAL
from launch.cluster.api import apply_dry, create
from launch.doctor.facts import Finding, no, yes
from launch.errors import APIError
from launch.plan.facts import not_looked_at

# of RBAC; what quotas, webhooks and admission policies refuse is 403 too, in other words
_NO_RIGHT = re.compile(r'User ".*" cannot ')


class Answer(NamedTuple):
    """`made` is the manifest with the API server's defaults, where it would take it."""

    finding: Finding
    made: Optional[Mapping[str, Any]] = None


def tried(api: Any, namespace: str, manifest: Mapping[str, Any], live: Optional[Mapping[str, Any]]) -> Answer:
    """As `kubectl apply` would have it; `live` is the bundle of that name, where there is one and it may be read."""
    try:
        if live is None:
            try:
                return Answer(yes("admitted (server-side dry run)"), create(api, namespace, PLURAL, manifest, True))
            except APIError as error:
                if error.status != 409:
                    raise
        made = apply_dry(api, namespace, PLURAL, manifest)
    except APIError as error:
        if error.status in (0, 401):
            raise
        if error.status == 403 and _NO_RIGHT.search(str(error)):
            return Answer(not_looked_at(f"you may not write modelbundles in namespace {namespace}"))
        return Answer(no(f"refused: {_words(error)}", "as its words say"))
    return Answer(yes(f"admitted (server-side dry run): {_changes(live, made)}"), made)


def _changes(live: Optional[Mapping[str, Any]], made: Mapping[str, Any]) -> str:
    """What applying it would do to the bundle that is there. Of the rest the API server has said that it stays."""
    if live is None:
        return "a bundle of this name is there"
    before, after = _serving(live), _serving(made)
    changed = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    if not changed:
        return "the bundle is there, and nothing would change"
    return f"the bundle is there, and of spec.serving would change: {', '.join(changed)}"


def _serving(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = bundle["spec"].get("serving") or {}
    return found


def _words(error: APIError) -> str:
    return " ".join(str(error).split())
