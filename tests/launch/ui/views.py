"""What pictures show of the page, and axe-core looks at: two hundred bundles, a family, a failing start, a move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bundle_spec.names import ENDPOINT_PLURAL, LABEL_BUNDLE, PLURAL
from tests.launch.ui.browser import Browser
from tests.launch.ui.fleet import FAILING, LOG, MOVING, NOW, Fleet
from tests.launch.ui.stand_in import StandIn

Body = dict[str, Any]
CHILDREN = {
    "pods": ("/api/v1", "Pod"),
    "services": ("/api/v1", "Service"),
    "configmaps": ("/api/v1", "ConfigMap"),
    "deployments": ("/apis/apps/v1", "Deployment"),
}
DONE = "!document.querySelector('main').innerText.includes('reading ...')"


@dataclass(frozen=True)
class View:
    """A place of the page; `shown` is true when it is there, `top` is the heading that it begins with."""

    name: str
    place: str
    shown: str
    height: int
    is_dark: bool = False
    click: str = ""
    top: str = ""


VIEWS = (
    View("ui-bundles", "#/", "document.querySelectorAll('tbody tr').length === 100", 640,
         click="thead th:nth-child(3) button"),
    View("ui-failing", "#/bundle/trust/fraud-canary", "document.querySelector('section pre')", 960,
         click="[aria-label^='Log of worker'][aria-label$='restart']", top="Pods"),
    View("ui-family", "#/bundle/growth/embeddings-v4", "document.querySelectorAll('.node').length === 10", 770,
         is_dark=True, top="Family"),
    View("ui-move", "#/endpoints", "document.querySelector('tbody').textContent.includes('have moved by')", 500),
)  # fmt: skip


def fill(api: StandIn, fleet: Fleet) -> None:
    """What the operator judged, and of the bundle that fails also what the page asks for by name."""
    for (kind, _, _), body in fleet.objects.items():
        if kind == "ModelBundle":
            api.put(PLURAL, body)
    api.put(ENDPOINT_PLURAL, fleet.steps[0])
    namespace, name = FAILING
    for plural, (root, kind) in CHILDREN.items():
        items = [body for ref, body in fleet.objects.items() if ref[0] == kind and _is_of(body, namespace, name)]
        api.extra[f"{root}/namespaces/{namespace}/{plural}"] = {"items": items}
    events = [event for event in fleet.events if event["regarding"]["name"] == name]
    api.extra[f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"] = {"items": events}
    api.extra[f"/api/v1/namespaces/{namespace}/events"] = {"items": events}
    (pod,) = api.extra[f"/api/v1/namespaces/{namespace}/pods"]["items"]
    api.extra[f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}/log"] = LOG.encode()


def _is_of(body: Body, namespace: str, name: str) -> bool:
    metadata = body["metadata"]
    return metadata["namespace"] == namespace and (metadata.get("labels") or {}).get(LABEL_BUNDLE) == name


def stop_the_clock(browser: Browser) -> None:
    """In all that is opened from now on."""
    moment = int(NOW.timestamp() * 1000)
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=f"Date.now = () => {moment}")


def show(browser: Browser, view: View, api: StandIn, fleet: Fleet) -> None:
    """The view, whatever the page shows now. An endpoint is asked to move while one looks at it."""
    browser.wait(f"document.querySelector('h1') && {DONE}")
    browser.run(f"location.hash = {view.place!r}")
    browser.wait(f"document.querySelector('h1') && {DONE}")
    if view.place == "#/endpoints":
        browser.wait(f"document.querySelector('tbody').textContent.includes('{MOVING[1]}')")
        for step in fleet.steps[1:]:
            api.put(ENDPOINT_PLURAL, step)
    if view.click:
        browser.wait(f"document.querySelector({view.click!r})".replace('"', "`"))
        browser.click(view.click)
    browser.wait(f"{view.shown} && {DONE}")
    top = f"[...document.querySelectorAll('h2')].find(e => e.textContent === {view.top!r})"
    browser.run(f"{top}.scrollIntoView()" if view.top else "window.scrollTo(0, 0)")
