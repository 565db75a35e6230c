"""What a pod may not reach, or may not have: hubs of models, and anything before a mesh's proxy runs."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import (
    ARTIFACT,
    FETCH,
    FIELDS,
    INSTALL,
    KIND,
    OWN_IMAGE,
    SERVING,
    USER_CODE,
    Row,
    Symptom,
    Values,
    World,
)

_PACK = (
    "Pack the files with the bundle (download a snapshot, create_model_bundle_from_dirs), or put them into an image of "
    "your own where everyone may read them; the code then names that folder, and asks nothing of the network."
)


def _refused(symptom: Symptom, world: World) -> Optional[Values]:
    """By something that is not the pod itself."""
    loopback = re.search(r"localhost|127\.0\.0\.1|\[?::1\]?[:/]", symptom.text)
    return None if loopback else {"container": "prepare" if symptom.phase == FETCH else "install"}


ROWS: Tuple[Row, ...] = (
    Row(
        "gated-model", USER_CODE, "The hub gives this model only to accounts that were granted access, or it is "
        "private.",
        "Ask for access on the model's page, and put a token as HF_TOKEN into a Secret that spec.serving.envFrom "
        "names; or pack a snapshot with the bundle.",
        edits=(ARTIFACT, SERVING),
        text="GatedRepo|gated repo|[Aa]ccess to model .* is restricted|Repository Not Found for url: "
        "https://huggingface|Invalid (user token|username or password)|401 Client Error.*huggingface",
    ),
    Row(
        "offline-hub", USER_CODE, "A model or data set is to come from a hub that the pod does not reach, or that is "
        "switched off, and no copy is where it looks.", _PACK,
        text="outgoing traffic has been disabled|OfflineModeIsEnabled|offline mode is enabled|couldn't connect to "
        "'https://huggingface|LocalEntryNotFoundError|[Cc]annot find (an appropriate cached|the requested files in "
        "the)|Max retries exceeded.*huggingface\\.co",
    ),
    Row(
        "not-on-the-hub", USER_CODE, "{name} is neither a folder of the bundle nor a model of the hub.",
        "A relative path is one in the bundle's own directory: pack the folder with the bundle, or correct the name.",
        edits=(ARTIFACT,),
        error="OSError|HFValidationError|ValueError",
        text=r"(?P<name>\S+) is not a local folder and is not a valid model identifier|Repo id must (use|be)",
    ),
    Row(
        "nltk-data", USER_CODE, "NLTK's data {name} is not in the pod.",
        "Download it into the bundle's folder or an image of your own (python -m nltk.downloader -d DIRECTORY {name}), "
        "and set NLTK_DATA in spec.bundle.env to that directory.",
        error="LookupError", text=r"Resource (\x1b\[\d+m|[^\w\x1b])*(?P<name>\w+)(\x1b\[0m|\W)* not found",
    ),
    Row(
        "spacy-model", USER_CODE, "spaCy's model {name} is not installed in the image.",
        "Models of spaCy are packages: add the wheel's https address from its releases to spec.bundle.requirements "
        "({name} @ https://...).",
        edits=(FIELDS,),
        error="OSError", text=r"Can't find model '(?P<name>[\w.-]+)'",
    ),
    Row(
        "localhost-is-the-pod", USER_CODE, "The code connects to localhost, which is the pod itself, and nothing "
        "listens there.",
        "Name the other server by its address in the cluster (a Service: NAME.NAMESPACE.svc), in a variable of "
        "spec.bundle.env or in spec.bundle.appConfig that the code reads.",
        error="ConnectionError|OSError|URLError|ConnectError|MaxRetryError|OperationalError|EndpointConnectionError",
        text=r"(?s)(localhost|127\.0\.0\.1|::1\b).*[Rr]efused|[Rr]efused.*(localhost|127\.0\.0\.1)|"
        r"Could not connect to the endpoint URL: \W?https?://(localhost|127\.0\.0\.1)",
    ),
    Row(
        "no-network", USER_CODE, "The code connects to something that the pod does not reach.",
        "Ask whether a NetworkPolicy or a proxy is between them (HTTPS_PROXY in spec.bundle.env). " + _PACK,
        error="gaierror|ConnectionError|ConnectTimeout|ConnectTimeoutError|NewConnectionError|URLError|ConnectError|"
        "MaxRetryError|EndpointConnectionError|TimeoutError",
        text="[Nn]ame or service not known|[Tt]emporary failure in name resolution|No address associated|"
        "[Nn]etwork is unreachable|[Nn]o route to host|[Cc]onnection refused|timed out|Max retries exceeded|Could not "
        "connect to the endpoint", rank=KIND,
    ),
    Row(
        "mesh-before-proxy", (FETCH, INSTALL), "Where a service mesh takes the pod's connections, none works before "
        "its proxy runs, and the init container {container} runs before it.",
        "Have the mesh start its proxy as a native sidecar (Istio: ENABLE_NATIVE_SIDECARS; Linkerd: "
        "proxy.nativeSidecar), or exclude the store's port or the namespace from it. Without a mesh, look at the "
        "address and at NetworkPolicies.",
        text="[Cc]onnection refused|[Cc]onnection reset|tcp connect error", asks=_refused, edits=(),
    ),
    Row(
        "certificate-not-trusted", USER_CODE, "The other side's certificate is of an authority that the image does "
        "not know.",
        f"Put the authority's certificate into {OWN_IMAGE}, and name it there by ENV SSL_CERT_FILE and "
        "REQUESTS_CA_BUNDLE.",
        edits=(FIELDS,),
        error="SSLError|SSLCertVerificationError|URLError|ConnectionError|ClientConnectorCertificateError|ConnectError",
        text="CERTIFICATE_VERIFY_FAILED|certificate verify failed",
    ),
)  # fmt: skip
