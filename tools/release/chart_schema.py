"""Write into values.schema.json what the CRD says of a bundle: Helm then refuses a misspelt field.

`make crd` runs it after the CRD is written. Descriptions and rules are left to the API server; unlike the API server,
which drops a field that it does not know, the schema refuses it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = ROOT / "values.schema.json"
Schema = dict[str, Any]


def main() -> int:
    SCHEMA.write_text(updated(SCHEMA.read_text()))
    return 0


def updated(text: str) -> str:
    """values.schema.json with `$defs.bundle` and `$defs.serving` as the CRD of this checkout has them."""
    crd = yaml.safe_load((ROOT / "crds" / "modelbundles.yaml").read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    document = json.loads(text)
    document["$defs"] = {name: closed(spec[name]) for name in ("bundle", "serving")}
    return json.dumps(document, indent=1) + "\n"


def closed(schema: Schema) -> Schema:
    """A structural schema as JSON Schema: every object takes its own properties only."""
    kept = {
        name: value
        for name, value in schema.items()
        if name not in ("description", "default", "format", "nullable") and not name.startswith("x-kubernetes-")
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") and "pattern" in kept:  # a quantity
        return {"anyOf": [{"type": "number", "minimum": kept.pop("minimum")}, {"type": "string", **kept}]}
    if "properties" in kept:
        kept["properties"] = {name: closed(value) for name, value in kept["properties"].items()}
        kept.setdefault("additionalProperties", False)
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = closed(kept["additionalProperties"])
    if "items" in kept:
        kept["items"] = closed(kept["items"])
    return kept


if __name__ == "__main__":
    sys.exit(main())
