"""Values: what is misspelt or of the wrong type is refused in words, and each value is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.chart.conftest import ROOT, Render
from tests.chart.test_bundles import BUNDLE, bundle
from tools.release.chart_schema import updated
from tools.release.chart_values import FILES, rows

SCHEMAS = [path.replace("values.yaml", "values.schema.json") for path in FILES]

# values -> what the refusal says of them: where, and what is wrong there
WRONG = {
    "bundle: {}": "additional properties 'bundle' not allowed",
    "Bundles: {}": "additional properties 'Bundles' not allowed",
    "keepBundles: 'yes'": "at '/keepBundles': got string, want boolean",
    "roles: {aggregateToedit: true}": "additional properties 'aggregateToedit' not allowed",
    "roles: {aggregateToEdit: please}": "at '/roles/aggregateToEdit': got string, want boolean",
    "operator: {setings: {}}": "additional properties 'setings' not allowed",
    "operator: {enabled: 'no'}": "at '/operator/enabled': got string, want boolean",
    "operator: {replicas: 0}": "at '/replicas': minimum: got 0, want 1",
    "operator: {settings: {packageindex: ''}}": "additional properties 'packageindex' not allowed",
    "operator: {settings: {packageIndex: 'https://u:p@x/simple'}}": "at '/settings/packageIndex': 'https",
    "operator: {settings: {packageIndex: 'ftp://x'}}": "at '/settings/packageIndex': 'ftp://x' does not match",
    "operator: {settings: {caConfigMap: Company_CA}}": "at '/settings/caConfigMap'",
    "operator: {settings: {caKey: ../ca.crt}}": "at '/settings/caKey': '../ca.crt' does not match",
    "operator: {settings: {httpsProxy: 'http://user:secret@proxy:3128'}}": "at '/settings/httpsProxy'",
    "operator: {settings: {httpProxy: 'socks5://proxy:1080'}}": "at '/settings/httpProxy'",
    "operator: {settings: {noProxy: 'a.example,b.example'}}": "at '/settings/noProxy': got string, want array",
    "operator: {settings: {noProxy: ['a.example,b.example']}}": "at '/settings/noProxy/0'",
    "operator: {settings: {extraPackageIndexes: ['https://u:p@x/simple']}}": "at '/settings/extraPackageIndexes/0'",
    "operator: {settings: {extraPackageIndexes: 'https://x/simple'}}": "got string, want array",
    "operator: {settings: {packageIndexStrategy: best}}": "at '/settings/packageIndexStrategy': value must be one of",
    "operator: {settings: {packageIndexSecret: My_Index}}": "at '/settings/packageIndexSecret'",
    "operator: {settings: {s3AddressingStyle: host}}": "at '/settings/s3AddressingStyle': value must be one of",
    "operator: {settings: {s3SignatureVersion: v2}}": "at '/settings/s3SignatureVersion': value must be one of",
    "operator: {settings: {podImagePullSecrets: [{name: a}]}}": "at '/settings/podImagePullSecrets/0'",
    "operator: {settings: {podTolerations: [{operater: Exists}]}}": "additional properties 'operater' not allowed",
    "operator: {settings: {podLabels: {team: true}}}": "at '/settings/podLabels/team': got boolean, want string",
    "operator: {settings: {podLabels: {team: a team}}}": "at '/settings/podLabels/team': 'a team' does not match",
    "operator: {settings: {podLabels: {modelbundle.dev/bundle: a}}}": "at '/settings/podLabels/modelbundle.dev~1",
    "operator: {settings: {podAnnotations: {a note: x}}}": "'/settings/podAnnotations': additional properties 'a note'",
    "operator: {settings: {podIds: openshift}}": "at '/settings/podIds': value must be one of",
    "operator: {settings: {workers: many}}": "at '/settings/workers'",
    "operator: {settings: {logLevel: verbose}}": "at '/settings/logLevel': value must be one of",
    "operator: {settings: {watchNamespaces: a}}": "additional properties 'watchNamespaces' not allowed",
    "operator: {watchNamespaces: team-a}": "at '/watchNamespaces': got string, want array",
    "operator: {watchNamespaces: [Team_A]}": "at '/watchNamespaces/0': 'Team_A' does not match",
    "operator: {watchNamespaces: [a, a]}": "at '/watchNamespaces': items at 0 and 1 are equal",
    "operator: {image: {repo: x}}": "additional properties 'repo' not allowed",
    "operator: {image: {tag: 1.0}}": "at '/image/tag': got number, want string",
    "operator: {image: {pullPolicy: Sometimes}}": "at '/image/pullPolicy': value must be one of",
    "operator: {runtimeImage: {digest: latest}}": "at '/runtimeImage/digest': 'latest' does not match",
    "operator: {runtimeImage: {pullPolicy: Always}}": "additional properties 'pullPolicy' not allowed",
    "operator: {imagePullSecrets: [registry]}": "at '/imagePullSecrets/0': got string, want object",
    "operator: {probePort: 0}": "at '/probePort': minimum: got 0, want 1",
    "operator: {probePort: '8081'}": "at '/probePort': got string, want integer",
    "operator: {resources: {limit: {memory: 1Gi}}}": "additional properties 'limit' not allowed",
    "operator: {resources: {limits: {memory: 1GB}}}": "at '/resources/limits/memory'",
    "operator: {tolerations: [{key: a, effect: NoSchedul}]}": "at '/tolerations/0/effect': value must be one of",
    "operator: {affinity: {nodeAffinty: {}}}": "additional properties 'nodeAffinty' not allowed",
    "operator: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {}}]}}}":
        "missing property 'topologyKey'",
    "operator: {env: {HTTPS_PROXY: http://proxy.example:3128}}": "at '/env': got object, want array",
    "operator: {env: [{name: PORT, value: 1}]}": "at '/env/0/value': got number, want string",
    "operator: {env: [{name: MODELBUNDLE_WORKERS, value: '9'}]}": "at '/env/0/name': 'not' failed",
    "operator: {volumes: [{name: tmp, emptyDir: {}}]}": "at '/volumes/0/name': 'not' failed",
    "operator: {volumes: [{name: ca, hostPath: {path: /etc}}]}": "additional properties 'hostPath' not allowed",
    "operator: {volumeMounts: [{name: ca}]}": "at '/volumeMounts/0': missing property 'mountPath'",
    "operator: {podAnnotations: {a: 1}}": "at '/podAnnotations/a': got number, want string",
    "operator: {admissionPolicy: {enabled: always}}": "at '/admissionPolicy/enabled': value must be one of",
    "operator: {admissionPolicy: {protectedNamespaces: ['prod-*']}}": "'prod-*' does not match pattern",
    "operator: {podDisruptionBudget: {enable: true}}": "additional properties 'enable' not allowed",
    "operator: {networkPolicy: {ingressFrom: [{podSelecter: {}}]}}": "additional properties 'podSelecter' not allowed",
    "operator: {crds: {upgradejob: {enabled: true}}}": "additional properties 'upgradejob' not allowed",
    "operator: {monitoring: {serviceMonitor: {interval: 30}}}": "at '/monitoring/serviceMonitor/interval': got number",
    "operator: {monitoring: {prometheusRule: {enabled: true}}}": "additional properties 'prometheusRule' not allowed",
    "operator: {tenants: {limits: {imageRepository: [x]}}}": "additional properties 'imageRepository' not allowed",
    "operator: {tenants: {namespaces: {team-a: {replicasMax: '4'}}}}": "at '/tenants/namespaces/team-a/replicasMax'",
    "operator: {tenants: {networkPolicy: {egress: [{too: []}]}}}": "additional properties 'too' not allowed",
    "bundles: {Sentiment: {bundle: {}}}": "invalid propertyName 'Sentiment'",
    "bundles: {sentiment: {serving: {}}}": "at '/bundles/sentiment': missing property 'bundle'",
    "bundles: {sentiment: {bundle: {}, replicas: 1}}": "additional properties 'replicas' not allowed",
    "bundles: {sentiment: {bundle: {}, endpoint: stable}}": "at '/bundles/sentiment/endpoint': got string",
    "bundles: {sentiment: {bundle: {}, serving: {replicas: '2'}}}": "sentiment/serving/replicas': got string",
    "bundles: {sentiment: {bundle: {}, serving: {gpus: 1}}}": "additional properties 'gpus' not allowed",
    json.dumps({"bundles": {"a": {"bundle": bundle(artefact={})}}}): "additional properties 'artefact' not allowed",
    json.dumps({"bundles": {"a": {"bundle": bundle(requirements="numpy")}}}): "got string, want array",
    json.dumps({"bundles": {"a": {"bundle": bundle(env=[{"name": "A", "value": 1}])}}}): "got number, want string",
}  # fmt: skip


@pytest.mark.parametrize("values", WRONG)
def test_wrong_values_are_refused_and_named(render: Render, values: str) -> None:
    done = render.try_to(values)
    assert done.returncode
    assert "values don't meet the specifications of the schema" in done.stderr
    assert WRONG[values] in done.stderr, done.stderr


def test_there_are_thirty_and_more_of_them() -> None:
    assert len(WRONG) >= 30


@pytest.mark.parametrize("path", SCHEMAS)
def test_every_object_of_the_schema_takes_its_own_values_only(path: str) -> None:
    open_ones = {where for where, schema in objects(json.loads((ROOT / path).read_text())) if not closed(schema)}
    # `global` is anybody's; the operator's own schema is the stricter one for what stands under `operator`
    assert open_ones <= {"/properties/global", "/properties/operator"}


def objects(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield where, schema
        for name, value in schema.items():
            yield from objects(value, f"{where}/{name}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from objects(value, f"{where}/{number}")


def closed(schema: dict[str, Any]) -> bool:
    """Takes no other names than it lists; or is a map of the user's own names, all of one kind."""
    return "additionalProperties" in schema and schema["additionalProperties"] is not True


def test_the_schema_of_a_bundle_is_the_crds() -> None:
    text = (ROOT / "values.schema.json").read_text()
    assert text == updated(text), "run make crd and commit what it writes"


def test_a_good_bundle_is_let_through_whole(render: Render) -> None:
    free = {"appConfig": {"any": {"thing": [1, None]}}, "requestSchema": {"x": 1}, "responseSchema": {"x": 1}}
    serving = {"gpu": {"count": 2}, "resources": {"cpu": 1, "memory": "2Gi"}, "nodeSelector": {"a": "b"}}
    entry = {"bundle": bundle(**free, requirements=["numpy"]), "serving": serving}
    assert len(render.bundles(sentiment=entry, other={"bundle": BUNDLE})) == 2


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row[0])
def test_every_value_is_explained(row: tuple[str, str, str]) -> None:
    _, _, meaning = row
    assert meaning.endswith("."), "needs a comment above it in values.yaml"


@pytest.mark.parametrize("path", SCHEMAS)
def test_every_value_that_the_schema_takes_stands_in_values_yaml(path: str) -> None:
    """What may be set has a place in values.yaml, where its default and its comment are."""
    values = yaml.safe_load((ROOT / path.replace("values.schema.json", "values.yaml")).read_text())
    schema = json.loads((ROOT / path).read_text())
    for name, below in schema["properties"].items():
        if name in ("global", "enabled"):
            continue
        assert name in values
        resolved = schema["$defs"][below["$ref"].rpartition("/")[2]] if "$ref" in below else below
        known = resolved.get("properties", {})
        if isinstance(values[name], dict) and values[name] and name != "operator":
            assert set(values[name]) == set(known), name
