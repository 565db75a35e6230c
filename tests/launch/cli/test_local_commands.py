"""The two commands that serve a function on a cluster, and that which asks it, without one: LAUNCH_ENDPOINT=local."""

from __future__ import annotations

import json
import sys

THIS = "{}.{}".format(*sys.version_info[:2])


def test_a_function_is_created_deployed_and_asked_by_the_name_of_its_file(modelbundle, tmp_path):
    (tmp_path / "my_model.py").write_text('def predict(x: int, y: str = "") -> int:\n    return x * 2 + len(y)\n')
    around = {
        "LAUNCH_ENDPOINT": "local",
        "LAUNCH_LOCAL_DIR": str(tmp_path / "local"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path),
    }
    words = ("--image", f"python:{THIS}-slim", "--predict-fn", "predict", "--type-hints")
    created = modelbundle("create", "my_model", tmp_path / "my_model.py", *words, **around)
    name = created.out.split()[0]
    assert created.out.splitlines()[1] == f"modelbundle deploy {name} serves it", created.err
    deployed = modelbundle("deploy", "my_model", "--gpus", "0", **around)
    assert deployed.out == f"{name} answers; modelbundle predict {name} JSON\n", deployed.err
    asked = modelbundle("predict", "my_model", json.dumps({"x": 20, "y": "ab"}), **around)
    assert (asked.code, asked.out) == (0, "42\n"), asked.err
    refused = modelbundle("predict", "my_model", json.dumps({"x": "no"}), **around)
    assert (refused.code, "422 RequestSchemaViolation" in refused.err) == (1, True)
