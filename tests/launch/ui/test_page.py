"""The page in a real Chromium: what a person sees of bundles and what happens to them, with a keyboard and in the dark.

axe-core looks for what people with a screen reader or without a mouse could not use.
"""

from __future__ import annotations

import pytest

from tests.launch.families import clone, root
from tests.launch.ui.axe import violations
from tests.launch.ui.conftest import TOKEN
from tests.launch.ui.stand_in import bundle, endpoint

PODS = "/api/v1/namespaces/models/pods"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ROWS = "document.querySelectorAll('tbody tr').length"


@pytest.fixture
def look(browser, serve):
    """The page, opened by its URL; nothing may go wrong in it."""
    browser.errors.clear()

    def opened(place: str = "", write: bool = False):
        page = serve(write=write)
        browser.open("about:blank")
        browser.open(f"{page.root}/#token={TOKEN}")
        browser.wait("location.hash === '#/' && document.querySelector('h1')")
        if place:
            browser.run(f"location.hash = {place!r}")
        return browser

    yield opened
    assert browser.errors == []


def test_the_list_has_bundles_and_changes_with_them(api, look):
    api.put("modelbundles", bundle("good"))
    api.put("modelbundles", bundle("bad", ready=("False", "LoadFailed", "no file model.bin")))
    browser = look()
    browser.wait(f"{ROWS} === 2")
    assert "no file model.bin" in browser.text()
    api.put("modelbundles", bundle("bad"))
    browser.wait("document.querySelectorAll('.health.good').length === 2")
    api.delete("modelbundles", "models", "good")
    browser.wait(f"{ROWS} === 1")


def test_a_thousand_bundles_are_a_page_at_a_time_and_are_found_by_typing(api, look):
    for number in range(1000):
        api.put("modelbundles", bundle(f"b{number:04}", namespace=f"team-{number % 7}"))
    browser = look()
    browser.wait(f"{ROWS} === 100")
    assert "1000 bundles" in browser.text()
    browser.run("document.querySelector('input[type=search]').focus()")
    browser.call("Input.insertText", text="b0123")
    browser.wait(f"{ROWS} === 1")
    assert browser.run("document.activeElement.type") == "search", "what is typed on goes there"


def test_a_bundles_page_is_reached_by_the_keyboard_and_says_where_one_is(api, look):
    api.put("modelbundles", bundle("good"))
    browser = look()
    browser.wait(f"{ROWS} === 1")
    browser.run("document.querySelector('tbody a').focus()")
    browser.press("Enter")
    browser.wait("document.title.startsWith('good')")
    assert browser.run("document.activeElement.textContent") == "good"
    browser.wait("document.querySelectorAll('h2').length > 4")


def test_the_log_of_a_pod_is_read(api, look):
    api.put("modelbundles", bundle("b"))
    worker = {"name": "worker", "ready": True, "restartCount": 0, "state": {"running": {}}}
    api.extra[PODS] = {"items": [{"metadata": {"name": "b-1"}, "status": {"containerStatuses": [worker]}}]}
    api.extra[f"{PODS}/b-1/log"] = b"predicting 1\n"
    browser = look("#/bundle/models/b")
    browser.wait("document.querySelector('td button')")
    browser.click("td button")
    browser.wait("document.querySelector('section pre')")
    assert "predicting 1" in browser.text()


def test_what_a_tenant_writes_is_text(api, look):
    made = bundle("b", ready=("False", "LoadFailed", HOSTILE))
    made["metadata"]["annotations"] = {"modelbundle.dev/bundle-name": HOSTILE, "modelbundle.dev/owner": HOSTILE}
    made["spec"]["bundle"]["appConfig"] = {HOSTILE: HOSTILE}
    made["status"]["image"] = HOSTILE
    api.put("modelbundles", made)
    api.extra[PODS] = {"items": [{"metadata": {"name": "b-1"}, "status": {"phase": HOSTILE}}]}
    browser = look("#/bundle/models/b")
    browser.wait("document.querySelectorAll('h2').length > 4")
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = true })")
    browser.wait("document.querySelector('details pre')")
    assert browser.text().count(HOSTILE) >= 6
    assert browser.run("document.querySelectorAll('main img, main script').length") == 0


def test_the_page_says_when_the_cluster_or_the_command_is_away(api, look, serve):
    api.put("modelbundles", bundle("b"))
    browser = look()
    browser.wait(f"{ROWS} === 1")
    api.wait_for_watches(2)
    api.away = True
    api.close_watches()
    browser.wait("document.querySelector('#notices').textContent.includes('are not up to date')")
    assert browser.run(ROWS) == 1, "what was seen last stays"
    api.away = False
    browser.wait("!document.querySelector('#notices').textContent.trim()")


def test_without_the_token_the_page_says_what_to_open(serve, browser):
    page = serve()
    browser.open(page.root + "/")
    browser.wait("document.querySelector('#notices').textContent.includes('open the URL')")
    browser.errors.clear()  # the browser writes each 401 to its console


def test_a_family_is_drawn_with_what_each_clone_changed_and_its_health_is_live(api, look):
    first = root("v1")
    members = [first, clone(first, "v2", appConfig={"mode": HOSTILE}), clone(first, "v3", env=[])]
    for made in members:
        made["metadata"]["namespace"] = "models"
        api.put("modelbundles", made)
    browser = look("#/bundle/models/v2")
    browser.wait("document.querySelectorAll('.node').length === 3")
    assert f'appConfig.mode "single" "{HOSTILE}"' in " ".join(browser.text().split())
    assert browser.run("document.querySelector('.node[aria-current=true] a').textContent") == "v2"
    members[2]["status"]["conditions"][0].update(status="False", reason="LoadFailed")
    api.put("modelbundles", members[2])
    browser.wait("document.querySelector('.node .health.bad')")


def test_a_move_of_an_endpoint_is_seen_as_it_happens(api, look):
    api.put("modelendpoints", endpoint("spam", "a", "a"))
    browser = look("#/endpoints")
    browser.wait(f"{ROWS} === 1")
    api.put("modelendpoints", endpoint("spam", "b", moving={"from": "a", "to": "b", "until": "2026-01-01T00:02:00Z"}))
    browser.wait("document.querySelector('tbody').textContent.includes('open ones have moved by')")
    api.put("modelendpoints", endpoint("spam", "b", "b"))
    browser.wait("document.querySelector('ol').textContent.includes('b alone answers')")


SCHEMA = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "string"}, "note": {"type": "string"}},
    "required": ["x", "y"],
}


def test_a_bundle_is_tried_by_the_fields_of_its_schema(api, look):
    made = root("b", requestSchema=SCHEMA, responseSchema={})
    made["metadata"]["namespace"] = "models"
    api.put("modelbundles", made)
    api.answer = lambda _path, body: (200, b'{"came": ' + body + b"}")
    browser = look("#/bundle/models/b")
    browser.wait("document.querySelector('details')")
    browser.run("document.querySelector('details').open = true")
    browser.wait("document.querySelector('details form')")
    browser.run("document.querySelector('[name=x]').value = '9007199254740993'")
    browser.run("document.querySelector('[name=y]').value = 'a \"quoted\" text'")
    browser.click("details button")
    browser.wait("document.querySelector('details pre')")
    (_, _, sent) = api.written[0]
    assert sent == b'{"x": 9007199254740993, "y": "a \\"quoted\\" text"}', "what is left out is not sent"
    browser.run("document.querySelector('[name=x]').value = 'many'")
    browser.click("details button")
    browser.wait("document.querySelector('details .error')")
    assert 'x must be an integer, it is "many"' in browser.text()
    assert len(api.written) == 1


def test_where_it_is_allowed_a_bundle_is_scaled_and_an_endpoint_moved(api, look):
    api.put("modelbundles", bundle("a"))
    api.put("modelbundles", bundle("b"))
    api.put("modelendpoints", endpoint("spam", "a", "a"))
    browser = look("#/bundle/models/a", write=True)
    browser.wait("document.querySelector('[name=replicas]') && document.querySelector('[name=bundle]')")
    browser.run("window.confirm = () => true")
    browser.run("document.querySelector('[name=replicas]').value = '4'")
    browser.run("document.querySelector('[name=replicas]').form.requestSubmit()")
    browser.wait("document.querySelector('dl').textContent.includes('of 4 answer')")
    browser.run("document.querySelector('[name=bundle]').value = 'b'")
    browser.run("document.querySelector('[name=bundle]').form.requestSubmit()")
    browser.wait("document.querySelector('main').textContent.includes('is to be b')")


def test_where_it_is_not_there_is_no_form_for_it(api, look):
    api.put("modelbundles", bundle("a"))
    api.put("modelendpoints", endpoint("spam", "a", "a"))
    browser = look("#/bundle/models/a")
    browser.wait("document.querySelectorAll('h2').length > 5")
    assert browser.run("document.querySelectorAll('main form, main [name]').length") == 0


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("place", ["", "#/endpoints", "#/activity", "#/bundle/models/bad"])
def test_axe_finds_nothing(api, look, place, is_dark):
    api.put("modelbundles", bundle("good"))
    api.put("modelbundles", bundle("bad", ready=("False", "LoadFailed", "no file")))
    api.put("modelendpoints", endpoint("spam", "bad", moving={"from": "good", "to": "bad", "until": "12:00"}))
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    worker = {"name": "worker", "restartCount": 2, "state": state, "lastState": {"terminated": {"message": "why"}}}
    api.extra[PODS] = {"items": [{"metadata": {"name": "bad-1"}, "status": {"containerStatuses": [worker]}}]}
    browser = look(place)
    browser.dark(is_dark)
    browser.wait(
        {"": f"{ROWS} === 2", "#/activity": "true", "#/endpoints": f"{ROWS} === 1"}.get(
            place, "document.querySelectorAll('h2').length > 4"
        )
    )
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = true })")
    browser.wait("!document.querySelector('main').textContent.includes('reading ...')")
    assert violations(browser) == []
