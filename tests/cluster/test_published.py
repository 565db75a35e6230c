"""What `make publish` pushes, as users get it: images pulled by their digests, the chart by `helm install oci://`, the
client by pip from an index; and the words where one of them is of another version.

While these tests run the session's operator is not installed; the last thing that they do is to put it back.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import SETTINGS
from tests.cluster.one_more_look import changes_nothing_more
from tests.cluster.operator_pods import LABEL, operator_pods
from tools.local_cluster import builder
from tools.local_cluster.place import here
from tools.release import publish, release
from tools.release.engine import DEBOOTSTRAP, SLUGS, Buildah
from tools.testkit.environments import uv
from tools.testkit.install import NAMESPACE, RELEASE, helm, values
from tools.testkit.kubectl import kubectl, list_all, wait_for
from tools.testkit.oci_registry import oci_registry
from tools.testkit.package_index import served_index
from tools.testkit.place import ROOT, Place

pytestmark = pytest.mark.exclusive

VERSION = release.version()
OLDER, NEWER = "0.0.1", "99.0.0"
MODEL = "def load():\n    return 2\n"
PREDICT = "def load(model):\n    return lambda x: x * model\n"
PROGRAM = """
import sys
from launch import LaunchClient
bundle = LaunchClient(namespace=sys.argv[1]).create_model_bundle_from_dirs(
    model_bundle_name="published",
    base_paths=[sys.argv[2]],
    env_params={"framework_type": "custom_base_image", "ecr_repo": "docker.io/stand-in/python", "image_tag": "3.12"},
    load_predict_fn_module_path="predict.load",
    load_model_fn_module_path="model.load",
)
print(bundle.deploy(gpus=0, cpus=0.01, memory="256Mi").wait(240).predict(x=21))
"""


@dataclass(frozen=True)
class Published:
    """`charts` and `index` are addresses; `images` is what `make publish` printed, in a file and as it reads."""

    dist: Path
    charts: str
    index: str
    file: Path
    images: dict[str, dict[str, str]]

    def helm(self, verb: str, place: Place, version: str = VERSION) -> str:
        """The line of docs/how-to/release.md, with the settings of the tests; what it printed."""
        chart = (RELEASE, f"{self.charts}/model-bundles", "--version", version, "--plain-http")
        where = ("-n", NAMESPACE, "--create-namespace", "-f", "-", "-f", str(self.file), "--wait", "--timeout", "240s")
        return helm(verb, *chart, *where, stdin=json.dumps(values(place, dict(SETTINGS))))

    def pip(self, python: Path, version: str) -> None:
        """The line of docs/how-to/release.md, from this index alone."""
        alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_NO_INDEX": "0"}
        wanted = f"model-bundles[client]=={version}"
        _run(python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--index-url", self.index, wanted, **alone)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """By the functions of `make release`, but for the SBOMs, and by `make publish` itself."""
    node = here().netns
    if not node.exists():
        pytest.skip("needs the local cluster, whose node is made to reach a registry of this machine")
    dist, home = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("published")
    pushed: list[str] = []
    with pytest.MonkeyPatch.context() as patch, oci_registry(node) as registry:
        patch.setenv("PYTHON_IMAGE", DEBOOTSTRAP)
        patch.setattr(publish, "DIST", dist)
        patch.setattr(sys, "argv", ["publish", f"{registry.host}/model-bundles", f"{registry.host}/charts"])
        try:
            release.wheel(dist)
            release.chart(dist)
            pushed += release.images(dist, Buildah()).values()
            release.checksums(dist)
            pushed += [f"{registry.host}/model-bundles/{slug}:{VERSION}" for slug in SLUGS]
            with redirect_stdout(io.StringIO()) as printed:
                assert publish.main() == 0
        finally:
            for image in pushed:
                builder.remove(image)
        (home / "images.yaml").write_text(printed.getvalue())
        images = yaml.safe_load(printed.getvalue())["operator"]
        with served_index(_mirror(dist, home)) as index:
            yield Published(dist, f"oci://{registry.host}/charts", index, home / "images.yaml", images)


@pytest.fixture(scope="module")
def installed(
    published: Published, operator: Callable[[], None], place: Place, request: pytest.FixtureRequest
) -> Published:
    """In the place of the session's operator."""
    request.addfinalizer(operator)  # whatever fails before it
    request.addfinalizer(_uninstall)  # noqa: PT021
    _uninstall()
    published.helm("install", place)
    return published


@pytest.fixture(scope="module")
def python(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a fresh environment that the documented pip line has filled."""
    return _environment(published, tmp_path_factory, VERSION)


@pytest.fixture(scope="module")
def served(
    installed: Published,
    python: Path,
    place: Place,
    make_namespace: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The namespace of a bundle that the installed client has created, and had answered."""
    namespace, sources = make_namespace("published"), tmp_path_factory.mktemp("sources")
    (sources / "model.py").write_text(MODEL)
    (sources / "predict.py").write_text(PREDICT)
    assert _client(python, place, "-c", PROGRAM, namespace, str(sources)).splitlines()[-1] == "42"
    return namespace


def test_images_chart_and_client_of_one_version_serve_a_bundle(
    installed: Published, served: str, python: Path, place: Place
) -> None:
    images = {key: f"{value['repository']}@{value['digest']}" for key, value in installed.images.items()}
    for pod in operator_pods():
        (status,) = pod["status"]["containerStatuses"]
        assert status["imageID"] == images["image"], "pulled by its digest"
    (pod,) = list_all("pods", served)
    ours = {each["image"] for each in pod["spec"]["initContainers"] + pod["spec"]["containers"]}
    assert images["runtimeImage"] in ours
    said = helm("test", RELEASE, "-n", NAMESPACE, "--timeout", "240s", "--logs")
    assert f"operator and client are {VERSION}" in said
    assert _versions(python, place, served)["answer"] == "yes"


def test_a_client_of_another_version_is_told_the_line_that_helps(
    installed: Published, served: str, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = _environment(installed, tmp_path_factory, OLDER)
    found = _versions(other, place, served)
    assert (found["answer"], found["says"]) == ("no", f"the operator is {VERSION}, this client {OLDER}")
    assert f"pip install model-bundles=={VERSION}" in found["change"]
    installed.pip(other, VERSION)
    assert _versions(other, place, served)["says"] == f"operator and client are {VERSION}"


def test_a_chart_of_another_version_than_its_images_says_so_and_restarts_no_model(
    installed: Published, served: str, python: Path, place: Place, tmp_path: Path
) -> None:
    before = _state(served)
    _push_chart(installed, tmp_path, NEWER)
    said = " ".join(installed.helm("upgrade", place, NEWER).split())
    for name in ("image", "runtimeImage"):
        assert f"operator.{name} has the tag {VERSION}, and this chart is version {NEWER}" in said
    assert _versions(python, place, served)["says"] == f"the operator is {NEWER}, this client {VERSION}"
    tested = helm("test", RELEASE, "-n", NAMESPACE, "--timeout", "240s", "--logs")
    assert f"the operator is {NEWER}, this client {VERSION}" in tested, "the image's own client"
    said = installed.helm("upgrade", place)
    assert "has the tag" not in said
    assert _versions(python, place, served)["answer"] == "yes"
    assert _state(served) == before
    changes_nothing_more(served, _state)


def _mirror(dist: Path, home: Path) -> Path:
    """What served_index takes: the published wheel, one of another version, and all that the client requires."""
    files = home / "files"
    files.mkdir()
    (wheel,) = dist.glob("*.whl")
    with_pip = _new_environment(home / "downloads")
    _run(with_pip, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "-d", str(files), f"{wheel}[client]")
    source = home / "source"
    for name in ("operator", "bundle_spec", "bundle_runtime", "launch", "oip_conformance"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    (source / "pyproject.toml").write_text(_of_version((ROOT / "pyproject.toml").read_text(), OLDER, quote='"'))
    uv("build", "--wheel", "--out-dir", files, "--python", sys.executable, source)
    return home


def _push_chart(published: Published, scratch: Path, version: str) -> None:
    """The published chart, as it would be with this version."""
    chart = scratch / "model-bundles"
    helm("pull", f"{published.charts}/model-bundles", "--version", VERSION, "--plain-http", "--untar", "-d",
         str(scratch))  # fmt: skip
    for file in (chart / "Chart.yaml", chart / "charts" / "operator" / "Chart.yaml"):
        file.write_text(_of_version(file.read_text(), version))
    helm("package", str(chart), "-d", str(scratch))
    helm("push", str(scratch / f"model-bundles-{version}.tgz"), published.charts, "--plain-http")


def _of_version(text: str, version: str, quote: str = "") -> str:
    changed = text.replace(f"{quote}{VERSION}{quote}", f"{quote}{version}{quote}")
    assert changed != text
    return changed


def _environment(published: Published, directories: pytest.TempPathFactory, version: str) -> Path:
    python = _new_environment(directories.mktemp("environment"))
    published.pip(python, version)
    return python


def _new_environment(directory: Path) -> Path:
    """Its interpreter, with pip and nothing else."""
    _run(Path(sys.executable), "-m", "venv", str(directory))
    return directory / "bin" / "python"


def _versions(python: Path, place: Place, namespace: str) -> dict[str, Any]:
    """What `modelbundle doctor` of that environment says of versions."""
    said = _client(python, place, "-m", "launch.cli", "doctor", "-n", namespace, "--only", "installation", "-o", "json")
    return {check["name"]: check for check in json.loads(said)["checks"]}["versions"]


def _client(python: Path, place: Place, *words: str) -> str:
    return _run(python, *words, AWS_ACCESS_KEY_ID=place.access_key, AWS_SECRET_ACCESS_KEY=place.secret_key)


def _run(python: Path, *words: str, **more: str) -> str:
    """Outside the checkout, so that nothing of it is imported."""
    around = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "LAUNCH_ARTIFACT_URI")}
    done = subprocess.run(
        [python, *words], cwd=python.parent, env={**around, **more}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _state(namespace: str) -> dict[str, Any]:
    """All that a reconcile could change: specs by their generation, statuses, and the pods' restarts."""
    found = list_all("modelbundles,deployments,services,configmaps,pods", namespace)
    return {
        f"{each['kind']}/{each['metadata']['name']}": (
            each["metadata"]["uid"],
            each["metadata"].get("generation"),
            each.get("data"),
            each.get("status"),
        )
        for each in found
    }


def _uninstall() -> None:
    helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait", "--ignore-not-found")
    kubectl("delete", "jobs,pods,serviceaccounts", "-l", f"app.kubernetes.io/instance={RELEASE}", namespace=NAMESPACE)
    kubectl("delete", "clusterroles,clusterrolebindings", "-l", f"app.kubernetes.io/instance={RELEASE}")
    wait_for("the operator's pods to go", lambda: not list_all("pods", NAMESPACE, LABEL), 120)
