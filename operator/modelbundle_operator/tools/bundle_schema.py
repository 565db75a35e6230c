"""Writes bundle_spec/modelbundle.json, by which the command says offline what the API server would: `make crd`.

It is the schema of the CRD, without status, which no user writes.
"""

import json
import sys

from modelbundle_operator.tools.crd import object_schema


def bundle_schema() -> str:
    """The text of the file."""
    schema = object_schema()
    del schema["properties"]["status"]
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(bundle_schema())
