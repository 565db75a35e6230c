"""Taking a cluster down: whatever belongs to this copy goes, dead or alive, and nothing else is touched."""

import shutil
import socket
from contextlib import suppress
from pathlib import Path

from tools.local_cluster import cgroups, mounts, network, processes
from tools.local_cluster import place as places
from tools.local_cluster.place import Place

_SHIM_SOCKETS = Path("/run/containerd/s")  # built into containerd's shim, whatever its configuration says
_CNI_RESULTS = Path("/var/lib/cni/results")
_DEVICE_SOCKET = Path("/var/lib/kubelet/device-plugins/kubelet.sock")
_LOG_LINKS = Path("/var/log/containers")  # built into the kubelet


def remove(place: Place) -> None:
    processes.kill_all(place)
    mounts.detach([place.state, place.run])
    network.remove(place)
    cgroups.remove(place)
    _remove_shim_sockets(place)
    for result in _CNI_RESULTS.glob(f"{place.name}-*"):
        result.unlink(missing_ok=True)
    for link in _LOG_LINKS.glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(place.state):
            link.unlink(missing_ok=True)
    if all(other == place.slot_file for other in places.STATE_ROOT.glob("*/slot.json")):
        _remove_shared()
    shutil.rmtree(place.run, ignore_errors=True)
    # the slot goes with the state's last file: until then nobody else takes our addresses
    for path in list(place.state.iterdir()) if place.state.is_dir() else []:
        if path != place.slot_file:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.rmtree(place.state, ignore_errors=True)


def leftovers(place: Place) -> bool:
    """Whether anything of a cluster is there, whole or not."""
    return (
        place.state.exists()
        or place.run.exists()
        or place.netns.exists()
        or Path(f"/sys/class/net/{place.name}").exists()
        or bool(processes.all_pids(place))
    )


def _remove_shared() -> None:
    """Places whose names are built into the kubelet, containerd and CNI: the machine's last cluster clears them."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(_DEVICE_SOCKET))
        except ConnectionRefusedError:  # nobody listens: its kubelet is dead
            _DEVICE_SOCKET.unlink(missing_ok=True)
        except OSError:
            pass
    for directory in (_DEVICE_SOCKET.parent, _CNI_RESULTS, _SHIM_SOCKETS):
        for each in (directory, directory.parent):
            with suppress(OSError):  # someone else's files are in it
                each.rmdir()
    with suppress(OSError):
        _LOG_LINKS.rmdir()


def _remove_shim_sockets(place: Place) -> None:
    for address in (place.run / "containerd").glob("io.containerd.runtime.v2.task/*/*/address"):
        path = Path(address.read_text().strip().removeprefix("unix://"))
        if path.parent == _SHIM_SOCKETS:
            path.unlink(missing_ok=True)
