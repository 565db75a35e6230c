"""The command line and the pure parts behind it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.local_cluster import cli, images, mounts, wheelhouse
from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import of_checkout


@pytest.mark.parametrize(("error", "code"), [(NotUpError("not up"), 3), (ClusterError("broken", "mend it"), 1)])
def test_errors_become_exit_codes(
    error: ClusterError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main(["env"]) == code
    assert error.what in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["sideways"], ["stop", "etcd"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    script = "import sys; from tools.local_cluster import cli; cli._show('x\\n' * 100_000); sys.exit(3)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as printing:
        assert printing.stdout is not None
        assert printing.stderr is not None
        printing.stdout.close()
        assert printing.stderr.read() == b""
    assert printing.returncode == 3


def test_stand_ins_are_called_stand_ins_wherever_they_are_shown() -> None:
    shown = [image.shown for image in images.all_images() if image.series]
    assert len(shown) == 2
    assert all("STAND-IN" in text for text in shown)


def test_the_images_carry_the_version_of_the_project() -> None:
    assert images.names()["RUNTIME"].startswith("docker.io/model-bundles/runtime:")


def test_pins_are_read_per_python() -> None:
    assert wheelhouse.pins("# list\n3.8 a==1\n3.12  b==2 # why\n\n3.8 c==3\n") == {
        "3.8": ["a==1", "c==3"],
        "3.12": ["b==2"],
    }


def test_only_our_own_mounts_are_taken_down() -> None:
    one = of_checkout(Path("/one"))
    table = "\n".join(
        [
            "/dev/vda / ext4 rw 0 0",
            f"tmpfs {one.state}/kubelet/pods/a\\040b tmpfs rw 0 0",
            f"overlay {one.run}/containerd/x/rootfs overlay rw 0 0",
            f"tmpfs {one.state}-other tmpfs rw 0 0",
        ]
    )
    assert mounts.under([one.state, one.run], table) == [
        f"{one.state}/kubelet/pods/a b",
        f"{one.run}/containerd/x/rootfs",
    ]
