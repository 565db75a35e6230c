"""As much of an API server as the commands about clones ask of one: get, paged list and create, pods and their logs."""

import json
from urllib.parse import parse_qs, urlsplit

from tests.launch.cli.api_server import PATH
from tools.testkit.api_in_thread import ApiInThread
from tools.testkit.http_in_thread import Quiet

PODS = "/api/v1/namespaces/models/pods"
PAGE = 2  # whatever limit is asked for, so that paging is seen


class BundleApi(ApiInThread):
    """`bundles` by name; `logs` of `install` by pod, or by `POD/CONTAINER`; `pods` where they have more than a name;
    `created` is what was POSTed."""

    def __init__(self, *bundles: dict) -> None:
        outer = self
        self.bundles = {bundle["metadata"]["name"]: bundle for bundle in bundles}
        self.logs: dict[str, str] = {}
        self.pods: list[dict] = []
        self.created: list[dict] = []
        self.asked: list[str] = []
        self.refuse = 0
        self.hidden = False  # the namespace itself

        class Handler(Quiet):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                parts = urlsplit(self.path)
                name = parts.path.rpartition("/")[2]
                if parts.path.count("/") == 4:
                    self.send_json(403 if outer.hidden else 200 if name == "models" else 404, {"metadata": {}})
                elif parts.path == PATH or not parts.path.startswith((PATH, PODS)):
                    self.send_json(200, outer.page(int(parse_qs(parts.query).get("continue", ["0"])[0])))
                elif parts.path == PODS:
                    self.send_json(200, {"items": outer.pods_with(parse_qs(parts.query).get("labelSelector", [""])[0])})
                elif parts.path.startswith(PODS):
                    pod, container = parts.path.split("/")[-2], parse_qs(parts.query)["container"][0]
                    log = outer.logs.get(f"{pod}/{container}", outer.logs.get(pod, ""))
                    self.send_whole(200, log.encode(), {"Content-Type": "text/plain"})
                elif name in outer.bundles:
                    self.send_json(200, outer.bundles[name])
                else:
                    self.send_json(404, {"message": f'modelbundles.modelbundle.dev "{name}" not found'})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.refuse:
                    self.send_json(outer.refuse, {"message": "the API server says no"})
                    return
                outer.created.append(body)
                self.send_json(201, body)

        super().__init__(Handler)

    def pods_with(self, selector: str) -> list[dict]:
        """By one label."""
        name, _, value = selector.partition("=")
        found = [pod for pod in self.pods if pod["metadata"]["labels"].get(name) == value]
        return found if self.pods else [{"metadata": {"name": pod}} for pod in self.logs]

    def page(self, start: int) -> dict:
        items = list(self.bundles.values())
        more = {"continue": str(start + PAGE)} if start + PAGE < len(items) else {}
        return {"items": items[start : start + PAGE], "metadata": more}
