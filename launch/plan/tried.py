"""Whether artifact, image and requirements have been tried before. Pure.

The operator remembers a hash of what such a try depends on (docs/adr/0037). Its own settings are in it, which few may
read; here two bundles of one namespace are compared by the rest, as the settings are the same for both.
"""

from __future__ import annotations

import json
from typing import Any, List, Mapping, Optional

from launch.bundle.content import Content, known_content
from launch.plan.facts import Facts

# of the bundle document, what prepare and install read, and which image it is
_READ = ("artifact", "envParams", "requirements", "requestSchema", "responseSchema", "loadPredictFn", "loadModelFn")


def inputs_of(content: Content, serving: Mapping[str, Any]) -> str:
    """What the result of a try depends on, as a text to compare."""
    return json.dumps(
        {
            "document": {name: content.fields.get(name) for name in _READ},
            "artifactSecret": serving.get("artifactSecretName"),
            "serviceAccount": serving.get("serviceAccountName") or "",
            "pullSecrets": [secret.get("name") for secret in serving.get("imagePullSecrets") or []],
        },
        sort_keys=True,
    )


def tried_with(facts: Facts) -> Optional[str]:
    """The name of a bundle with which the same has been tried, and was good."""
    if facts.content is None:
        return None
    if facts.live is not None and (facts.live.get("status") or {}).get("checked"):
        return facts.name
    wanted = inputs_of(facts.content, facts.serving)
    for bundle in facts.others:
        if (bundle.get("status") or {}).get("checked") and _inputs(bundle) == wanted:
            return str(bundle["metadata"]["name"])
    return None


def alike(facts: Facts, *fields: str) -> List[Mapping[str, Any]]:
    """The other bundles that have the same in these fields of spec.bundle."""
    if facts.content is None:
        return []
    wanted = [facts.content.fields.get(name) for name in fields]
    found = []
    for bundle in facts.others:
        content = known_content(bundle)
        if content is not None and [content.fields.get(name) for name in fields] == wanted:
            found.append(bundle)
    return found


def _inputs(bundle: Mapping[str, Any]) -> Optional[str]:
    content = known_content(bundle)
    return None if content is None else inputs_of(content, bundle["spec"].get("serving") or {})
