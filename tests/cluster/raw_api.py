"""The API server without kubectl's checks and start-up time, through `kubectl proxy`: any text, any number of them."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tools.testkit.kubectl import Manifest

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
GROUPS = {"ModelBundle": "apis/modelbundle.dev/v1alpha1", "ModelEndpoint": "apis/modelbundle.dev/v1alpha1"}
BUSY = (429, 503, 504)  # the API server had no time for it
TRIES = 5


@contextmanager
def raw_api() -> Iterator[RawApi]:
    with subprocess.Popen(
        ["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as proxy:
        try:
            assert proxy.stdout is not None
            found = re.search(r"127\.0\.0\.1:\d+", proxy.stdout.readline())
            assert found is not None, "kubectl proxy names no address"
            with httpx.Client(base_url=f"http://{found[0]}", timeout=90) as client:
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
        answer = self._send("POST", path, content=text.encode(), headers={"Content-Type": "application/json"})
        # 409: a try before this one, which was not answered in time, has made it
        assert answer.status_code in (201, 409), answer.text[:500]

    def try_as(
        self, user: str | None, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> httpx.Response:
        """What the API server answers this user, or the user who runs the tests, who only asks: nothing is stored."""
        query = {} if method == "GET" else {"dryRun": "All"}
        if content_type == APPLY:
            query |= {"fieldManager": "modelbundle-operator", "force": "true"}
        headers = {"Content-Type": content_type, **({"Impersonate-User": user} if user else {})}
        return self._send(method, path, params=query, json=body, headers=headers)

    def get(self, namespace: str, plural: str, name: str, group: str) -> Manifest | None:
        answer = self._send("GET", f"/{group}/namespaces/{namespace}/{plural}/{name}")
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def patch(self, namespace: str, plural: str, name: str, group: str, patch: Any) -> None:
        path = f"/{group}/namespaces/{namespace}/{plural}/{name}"
        headers = {"Content-Type": MERGE}
        self._send("PATCH", path, json=patch, headers=headers).raise_for_status()

    def delete(self, namespace: str, plural: str, name: str, group: str) -> None:
        answer = self._send("DELETE", f"/{group}/namespaces/{namespace}/{plural}/{name}")
        assert answer.is_success or answer.status_code == 404, answer.text[:500]  # by a try before this one

    def _send(self, method: str, path: str, **what: Any) -> httpx.Response:
        """The answer; asked again where the API server is busy, which is nobody's fault here."""
        for _ in range(TRIES):
            answer = self._client.request(method, path, **what)
            if answer.status_code not in BUSY:
                break
            time.sleep(1)
        return answer
