"""The API server without kubectl's checks and start-up time, through `kubectl proxy`: any text, any number of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tools.testkit.kubectl import Manifest

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
GROUPS = {"ModelBundle": "apis/modelbundle.dev/v1alpha1", "ModelEndpoint": "apis/modelbundle.dev/v1alpha1"}


@contextmanager
def raw_api() -> Iterator[RawApi]:
    with subprocess.Popen(
        ["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as proxy:
        try:
            assert proxy.stdout is not None
            found = re.search(r"127\.0\.0\.1:\d+", proxy.stdout.readline())
            assert found is not None, "kubectl proxy names no address"
            with httpx.Client(base_url=f"http://{found[0]}", timeout=60) as client:
                yield RawApi(client)
        finally:
            proxy.terminate()


class RawApi:
    """Verbs over texts and bodies."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def create(self, namespace: str, plural: str, text: str, group: str = "api/v1") -> None:
        """POST of a text as it is."""
        path = f"/{group}/namespaces/{namespace}/{plural}"
        answer = self._client.post(path, content=text.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 201, answer.text[:500]

    def try_as(
        self, user: str | None, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> httpx.Response:
        """What the API server answers this user, or the user who runs the tests, who only asks: nothing is stored."""
        query = {} if method == "GET" else {"dryRun": "All"}
        if content_type == APPLY:
            query |= {"fieldManager": "modelbundle-operator", "force": "true"}
        headers = {"Content-Type": content_type, **({"Impersonate-User": user} if user else {})}
        return self._client.request(method, path, params=query, json=body, headers=headers)

    def get(self, namespace: str, plural: str, name: str, group: str) -> Manifest | None:
        answer = self._client.get(f"/{group}/namespaces/{namespace}/{plural}/{name}")
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def patch(self, namespace: str, plural: str, name: str, group: str, patch: Any) -> None:
        path = f"/{group}/namespaces/{namespace}/{plural}/{name}"
        headers = {"Content-Type": MERGE}
        self._client.patch(path, json=patch, headers=headers).raise_for_status()

    def delete(self, namespace: str, plural: str, name: str, group: str) -> None:
        self._client.delete(f"/{group}/namespaces/{namespace}/{plural}/{name}").raise_for_status()
