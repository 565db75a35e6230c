"""A validating admission webhook that is asked about every Deployment of one namespace, and refuses where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tools.testkit.kubectl import KubectlError, Manifest, apply, kubectl, wait_for


@contextmanager
def deployment_webhook(namespace: str, client: Manifest, seconds: int = 10) -> Iterator[str]:
    """Its name. `client`: where it is asked, as a clientConfig; `seconds`: how long the API server waits for it."""
    name = f"{namespace}.modelbundle.test"
    hook = {
        "name": name,
        "clientConfig": client,
        "rules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": seconds,
    }
    about_it = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    apply({**about_it, "metadata": {"name": name}, "webhooks": [hook]})
    try:
        # the API server reads configurations by a watch of its own
        wait_for("the webhook to be asked", lambda: _is_asked(name, namespace), 60)
        yield name
    finally:
        kubectl("delete", "validatingwebhookconfiguration", name, "--ignore-not-found")


def _is_asked(webhook: str, namespace: str) -> bool:
    try:
        kubectl("create", "deployment", "tried", "--image=none", "--dry-run=server", namespace=namespace)
    except KubectlError as error:
        return webhook in str(error)
    return False
