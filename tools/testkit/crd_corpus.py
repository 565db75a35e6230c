"""Objects that are right and wrong, for everything that judges them: the models, the CRD's schema, the API server.

`SCHEMA_ERRORS` break the structural schema, which the pydantic models know too; `RULE_ERRORS` break a CEL rule, which
only the API server knows.
"""

from __future__ import annotations

from typing import Any

from tools.testkit.model_bundles import ARTIFACT, PYTORCH, SHA256, model_bundle
from tools.testkit.pod_corpus import POD_RULE_ERRORS, POD_SCHEMA_ERRORS, POD_VALID

Case = tuple[str, dict[str, Any]]

ZIP = {**ARTIFACT, "packaging": "zip"}
FUNCTIONS: dict[str, Any] = {"loadPredictFn": "predict.load", "loadModelFn": "pkg.model.load"}
CUSTOM = {"frameworkType": "custom_base_image"}
IMAGE = {"repository": "registry.local:5000/team/image", "tag": "1"}
CLONE: dict[str, Any] = {"artifact": None, "envParams": None, "cloneFrom": {"name": "base"}}


def image(**fields: Any) -> dict[str, Any]:
    return {"envParams": {**CUSTOM, "customBaseImage": {**IMAGE, **fields}}}


def artifact(**fields: Any) -> dict[str, Any]:
    return {"artifact": {**ARTIFACT, **fields}}


VALID: list[Case] = [
    ("the seed's bundle", model_bundle()),
    ("without schemas", model_bundle(requestSchema=None, responseSchema=None)),
    ("a zip with its functions", model_bundle(artifact=ZIP, **FUNCTIONS)),
    ("tensorflow", model_bundle(envParams={"frameworkType": "tensorflow", "tensorflowVersion": "2.3.0-gpu"})),
    ("a custom image by tag", model_bundle(**image())),
    ("a custom image by tag and digest", model_bundle(**image(digest="sha256:" + SHA256))),
    ("a pinned tag", model_bundle(envParams={**PYTORCH, "pytorchImageTag": f"2.0@sha256:{SHA256}"})),
    ("a clone", model_bundle(**CLONE)),
    ("a clone by digest with a change", model_bundle(**{**CLONE, "appConfig": {"a": 1}})),
    ("a clone that changes the functions", model_bundle(**CLONE, **FUNCTIONS)),
    ("free-form values of every kind", model_bundle(appConfig={"a": [1, 2.5, "x", True, {"b": {}}], "": "empty key"})),
    ("nulls below a free-form map", model_bundle(appConfig={"a": [None], "b": {"c": None}})),
    ("appConfigJSON", model_bundle(appConfigJSON='{"scale": 1.0}')),
    ("env", model_bundle(env=[{"name": "_A1", "value": ""}, {"name": "PATHS", "value": "x"}])),
    ("requirements", model_bundle(requirements=["numpy", "a[b] @ https://example.com/a.whl ; python_version > '3'"])),
    ("serving, empty", model_bundle(serving={})),
    ("no GPU", model_bundle(serving={"gpu": {"count": 0}})),
    ("quantities", model_bundle(serving={"resources": {"cpu": 1, "memory": "1.5Gi", "ephemeralStorage": "10G"}})),
    ("an unknown field is dropped", model_bundle(extra=1)),
    ("tracing", model_bundle(serving={"tracing": {"endpoint": "http://collector:4318", "samplingRatePerMillion": 0}})),
    ("a warm-up", model_bundle(serving={"warmUp": '\n{"x": 1}\n'})),
    ("the longest name", model_bundle(name="a" * 52)),
    *POD_VALID,
]

SCHEMA_ERRORS: list[Case] = [
    ("no artifact.uri", model_bundle(artifact={"sha256": SHA256, "packaging": "zip"})),
    ("an uri without scheme", model_bundle(**artifact(uri="/models/a.pkl"))),
    ("an uri with a space", model_bundle(**artifact(uri="s3://models/a b"))),
    ("another packaging", model_bundle(**artifact(packaging="tar"))),
    ("pythonVersion as a number", model_bundle(**artifact(pythonVersion=3.11))),
    ("pythonVersion 2", model_bundle(**artifact(pythonVersion="2.7"))),
    ("a null in a required field", model_bundle(**artifact(sha256=None))),
    ("another framework", model_bundle(envParams={"frameworkType": "jax"})),
    ("no framework", model_bundle(envParams={"pytorchImageTag": "1"})),
    ("a tag with a slash", model_bundle(envParams={**PYTORCH, "pytorchImageTag": "a/b"})),
    ("a tag as a number", model_bundle(envParams={**PYTORCH, "pytorchImageTag": 1.7})),
    ("an image in capitals", model_bundle(**image(repository="Team/Image"))),
    ("a short digest", model_bundle(**image(digest="sha256:abc"))),
    ("a clone without a name", model_bundle(artifact=None, envParams=None, cloneFrom={})),
    ("a clone of no name", model_bundle(artifact=None, envParams=None, cloneFrom={"name": "Not_A_Name"})),
    ("requirements as text", model_bundle(requirements="numpy")),
    ("an option among the requirements", model_bundle(requirements=["--index-url=https://example.com"])),
    ("a requirement of two lines", model_bundle(requirements=["numpy\npandas"])),
    ("too many requirements", model_bundle(requirements=["a"] * 513)),
    ("appConfig as a list", model_bundle(appConfig=[1])),
    ("appConfigJSON as an object", model_bundle(appConfigJSON={"a": 1})),
    ("an env name with a dash", model_bundle(env=[{"name": "A-B", "value": "x"}])),
    ("an env value as a number", model_bundle(env=[{"name": "A", "value": 1}])),
    ("env without a value", model_bundle(env=[{"name": "A"}])),
    ("a function without a module", model_bundle(artifact=ZIP, **{**FUNCTIONS, "loadPredictFn": "load"})),
    ("a schema that is true", model_bundle(requestSchema=True)),
    ("negative replicas", model_bundle(serving={"replicas": -1})),
    ("half a GPU", model_bundle(serving={"gpu": {"count": 0.5}})),
    ("replicas as text", model_bundle(serving={"replicas": "2"})),
    ("no request time", model_bundle(serving={"requestTimeoutSeconds": 0})),
    ("memory in words", model_bundle(serving={"resources": {"memory": "8 GB"}})),
    ("negative cpu", model_bundle(serving={"resources": {"cpu": -1}})),
    ("a bad label value", model_bundle(serving={"nodeSelector": {"a": "b c"}})),
    ("another toleration operator", model_bundle(serving={"tolerations": [{"operator": "Maybe"}]})),
    ("a Secret without a name", model_bundle(serving={"envFrom": [{"secretRef": {}}]})),
    ("another way out of no capacity", model_bundle(serving={"rollout": {"whenNoCapacity": "Hope"}})),
    ("a collector without a scheme", model_bundle(serving={"tracing": {"endpoint": "collector:4318"}})),
    ("a collector with a password", model_bundle(serving={"tracing": {"endpoint": "http://u:p@collector:4318"}})),
    ("a rate of more than all", model_bundle(serving={"tracing": {"samplingRatePerMillion": 1_000_001}})),
    ("a warm-up that is no object", model_bundle(serving={"warmUp": "[1]"})),
    ("a warm-up that is no text", model_bundle(serving={"warmUp": {"x": 1}})),
    ("a long warm-up", model_bundle(serving={"warmUp": "{" + " " * 16383 + "}"})),
    ("a switch as text", model_bundle(serving={"accessLog": "true"})),
    *POD_SCHEMA_ERRORS,
]

# with a word of the message that must come back
RULE_ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("a name with a dot", model_bundle(name="a.b"), "DNS-1035"),
    ("a name that begins with a digit", model_bundle(name="1a"), "DNS-1035"),
    ("a name of 53 characters", model_bundle(name="a" * 53), "52"),
    ("neither artifact nor cloneFrom", model_bundle(artifact=None, envParams=None), "exactly one of artifact"),
    ("artifact and cloneFrom", model_bundle(cloneFrom={"name": "base"}), "exactly one of artifact"),
    ("an artifact without an image", model_bundle(envParams=None), "needs envParams"),
    ("sha256 in capitals", model_bundle(**artifact(sha256=SHA256.upper())), "sha256sum"),
    ("sha256 too short", model_bundle(**artifact(sha256=SHA256[:-1])), "sha256sum"),
    ("zip without functions", model_bundle(artifact=ZIP), "needs loadPredictFn and loadModelFn"),
    ("zip with one function", model_bundle(artifact=ZIP, loadModelFn="a.b"), "needs loadPredictFn and loadModelFn"),
    ("a pickle with functions", model_bundle(**FUNCTIONS), "packaging zip only"),
    ("pytorch without a tag", model_bundle(envParams={"frameworkType": "pytorch"}), "needs pytorchImageTag"),
    (
        "tensorflow without a version",
        model_bundle(envParams={"frameworkType": "tensorflow"}),
        "needs tensorflowVersion",
    ),
    ("a custom image without an image", model_bundle(envParams=CUSTOM), "needs customBaseImage"),
    ("pytorch with a custom image", model_bundle(envParams={**PYTORCH, "customBaseImage": IMAGE}), "custom_base_image"),
    ("pytorch with a tensorflow version", model_bundle(envParams={**PYTORCH, "tensorflowVersion": "2"}), "tensorflow"),
    (
        "tensorflow with a pytorch tag",
        model_bundle(envParams={"frameworkType": "tensorflow", "tensorflowVersion": "2", "pytorchImageTag": "1"}),
        "pytorch only",
    ),
    (
        "an image without tag and digest",
        model_bundle(envParams={**CUSTOM, "customBaseImage": {"repository": "a/b"}}),
        "a tag, a digest, or both",
    ),
    *(
        (
            f"the repository {name}",
            model_bundle(envParams={**CUSTOM, "customBaseImage": {**IMAGE, "repository": name}}),
            says,
        )
        for name, says in (
            ("https://registry.local:5000/team/image", "leave out the https://"),
            ("team/image:1", "repository has no tag"),
            ("registry.local:5000/team/image:1", "repository has no tag"),
        )
    ),
    *(
        (f"env {name}", model_bundle(env=[{"name": name, "value": "x"}]), "belong to the runtime")
        for name in ("PYTHONPATH", "LD_PRELOAD", "MODELBUNDLE_ROOT", "PATH", "HOME", "TMPDIR")
    ),
    ("an env name twice", model_bundle(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]), "once"),
    ("envFrom of nothing", model_bundle(serving={"envFrom": [{}]}), "exactly one of secretRef"),
    (
        "envFrom of both",
        model_bundle(serving={"envFrom": [{"secretRef": {"name": "a"}, "configMapRef": {"name": "b"}}]}),
        "exactly one of secretRef",
    ),
    ("a nodeSelector key that is none", model_bundle(serving={"nodeSelector": {"a b": "c"}}), "label keys"),
    *POD_RULE_ERRORS,
]
