"""The page's server over HTTP: what it gives to whom, and what it says when the API server does not answer."""

from __future__ import annotations

import urllib.request

import pytest

from launch.ui.guard import HEADERS
from launch.ui.server import MOST_BODY
from tests.launch.families import clone, root, waiting
from tests.launch.ui.stand_in import GROUP, bundle, endpoint

PODS = "/api/v1/namespaces/models/pods"


def until(changes, kind, **fields):
    """The first change of the kind that has these fields."""
    for change in changes:
        if change["change"] == kind and fields.items() <= {**change, **change.get("row", {})}.items():
            return change
    raise AssertionError(f"the stream ended before {kind} {fields}")


def test_a_page_is_given_all_bundles_and_then_each_change(api, serve):
    for number in range(120):  # three pages of the API
        api.put("modelbundles", bundle(f"b{number:03}", namespace=f"team-{number % 3}"))
    changes = serve().stream()
    begun = next(changes)
    assert begun["info"]["namespace"] is None
    until(changes, "put", name="b119")
    api.put("modelbundles", bundle("b007", namespace="team-1", ready=("False", "LoadFailed", "no file")))
    assert until(changes, "put", name="b007", health="Failing")["row"]["reason"] == "LoadFailed"
    api.delete("modelbundles", "team-1", "b007")
    until(changes, "gone", name="b007")
    assert len([path for path in api.asked if "limit=50" in path and "/modelbundles?" in path]) == 3


def test_all_pages_share_one_watch(api, serve):
    api.put("modelbundles", bundle("a"))
    page = serve()
    streams = [page.stream() for _ in range(4)]
    for stream in streams:
        until(stream, "put", name="a")
    api.put("modelbundles", bundle("b"))
    for stream in streams:
        until(stream, "put", name="b")
    assert len([path for path in api.asked if "/modelbundles?" in path and "watch=true" in path]) == 1


def test_moves_of_endpoints_are_seen_as_they_happen(api, serve):
    api.put("modelendpoints", endpoint("e", "a", "a"))
    changes = serve().stream()
    until(changes, "put", name="e")
    api.put("modelendpoints", endpoint("e", "b", moving={"from": "a", "to": "b", "until": "12:00"}))
    assert "new connections go to b" in until(changes, "activity")["entry"]["text"]
    api.put("modelendpoints", endpoint("e", "b", "b"))
    assert "b alone answers" in until(changes, "activity")["entry"]["text"]


def test_a_watch_whose_history_is_gone_is_begun_anew(api, serve):
    api.put("modelbundles", bundle("a"))
    changes = serve().stream()
    until(changes, "put", name="a")
    api.wait_for_watches(2)
    api.end_watches()
    assert "too old" in until(changes, "state", plural="modelbundles", state="resync")["message"]
    until(changes, "state", plural="modelbundles", state="live")
    api.put("modelbundles", bundle("b"))
    until(changes, "put", name="b")


def test_an_api_server_that_goes_away_is_said_and_found_again(api, serve):
    api.put("modelbundles", bundle("a"))
    changes = serve().stream()
    until(changes, "put", name="a")
    api.wait_for_watches(2)
    api.away = True
    api.close_watches()
    away = until(changes, "state", plural="modelbundles", state="away")
    assert "cannot reach the Kubernetes API" in away["message"]
    assert away["retrySeconds"] > 0
    api.away = False
    until(changes, "state", plural="modelbundles", state="live")


def test_who_may_list_one_namespace_only_sees_that_one(api, serve):
    api.forbidden = {f"{GROUP}/modelbundles", f"{GROUP}/modelendpoints"}
    api.put("modelbundles", bundle("mine", namespace="models"))
    api.put("modelbundles", bundle("other", namespace="elsewhere"))
    info = serve().server.board.info
    assert info["namespace"] == "models"
    assert "forbidden" in info["narrowed"]


def test_an_object_nested_too_deeply_to_be_read_hides_no_other(api, serve):
    api.put("modelbundles", bundle("deep"))
    api.put("modelbundles", bundle("other"))
    api.nested.add("deep")
    changes = serve().stream()
    assert until(changes, "put", name="deep")["row"]["health"] == "Unknown"
    until(changes, "put", name="other")
    api.put("modelbundles", bundle("deep", replicas=2))  # in a watch: the list is read again
    assert "too deeply" in until(changes, "state", plural="modelbundles", state="resync")["message"]
    until(changes, "state", plural="modelbundles", state="live")


def test_a_bundles_page_has_its_parts_and_says_which_may_not_be_read(api, serve):
    api.put("modelbundles", bundle("b"))
    api.extra[PODS] = {"items": [{"metadata": {"name": "b-1"}, "status": {"phase": "Running"}}]}
    api.forbidden.add("/api/v1/namespaces/models/events")
    status, found = serve().ask("/api/bundle?namespace=models&name=b")
    assert status == 200
    assert found["row"]["name"] == "b"
    assert [pod["name"] for pod in found["pods"]] == ["b-1"]
    assert "forbidden" in found["errors"]["events"]
    assert [entry["type"] for entry in found["history"]] == ["Ready=True"]


def test_a_family_is_read_by_its_root_and_has_clones_that_are_not_resolved(api, serve):
    first = root("v1")
    second = clone(first, "v2", appConfig={"mode": "batched"})
    for made in (first, second, waiting("v3", "v1"), root("stranger")):
        made["metadata"]["namespace"] = "models"
        api.put("modelbundles", made)
    status, found = serve().ask("/api/family?namespace=models&name=v1")
    assert status == 200
    assert [(member["name"], member["parent"]) for member in found["members"]] == [("v1", None), ("v2", 0), ("v3", 0)]
    assert found["complete"] is True


def test_logs_are_bounded(api, serve):
    api.extra[f"{PODS}/b-1/log"] = b"x" * (1 << 20)
    status, found = serve().ask("/api/log?namespace=models&pod=b-1&container=worker")
    assert (status, len(found["text"]), found["cut"]) == (200, 256 * 1024, True)
    (asked,) = [path for path in api.asked if "/log?" in path]
    assert "tailLines=500" in asked
    assert "limitBytes=1048576" in asked


def test_yaml_is_asked_for_apart(api, serve):
    api.put("modelbundles", bundle("b"))
    assert "mode: x" in serve().ask("/api/yaml?namespace=models&name=b")[1]["text"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/bundle?namespace=models&name=c", 404, "not found"),
        ("/api/bundle?namespace=models", 400, "name is missing"),
        ("/api/bundle?namespace=models&name=../x", 422, "names no object"),
        ("/api/bundle?namespace=a/../b&name=x", 422, "names no object"),
        ("/api/log?namespace=models&pod=b-1&container=../x", 422, "names no object"),
        ("/api/nothing", 404, "is not answered here"),
        ("/..%2f..%2fserver.py", 404, "nothing is at"),
        ("/../server.py", 404, "nothing is at"),
    ],
)
def test_what_cannot_be_answered_is_said(api, serve, path, status, message):
    found = serve().ask(path)
    assert found[0] == status
    assert message in found[1]["error"]["message"]


def test_nothing_is_given_without_the_token_or_to_another_origin(api, serve):
    api.put("modelbundles", bundle("b"))
    page = serve()
    path = "/api/bundle?namespace=models&name=b"
    assert page.ask(path, Authorization="")[0] == 401
    assert page.ask("/api/stream", Authorization="Bearer other")[0] == 401
    assert page.ask(path, Host="evil.example")[0] == 403
    assert page.ask(path, Origin="http://evil.example")[0] == 403
    assert page.ask("/", Host="evil.example")[0] == 403
    assert [path for path in api.asked if path.endswith("/b")] == []


def test_nothing_is_written_without_being_allowed(api, serve):
    assert serve().ask("/api/scale", {"namespace": "models", "name": "b", "replicas": 0})[0] == 404
    assert api.written == []


def test_every_file_has_the_headers_that_keep_the_page_to_itself(serve):
    page = serve()
    for path in page.server.files:
        with urllib.request.urlopen(page.root + path, timeout=30) as answer:
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert answer.headers["Content-Type"].partition(";")[0] in (
                "text/html", "text/javascript", "text/css", "image/svg+xml",
            )  # fmt: skip


def test_it_listens_on_this_machine_alone(serve):
    assert serve().server.server_address[0] == "127.0.0.1"
    assert MOST_BODY < 1 << 24
