"""The machine's mounts below given directories: finding them and letting them go."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def under(directories: Sequence[Path], table: str) -> list[str]:
    """Mount points at or below `directories`, in the order of the table, which is the text of /proc/self/mounts."""
    points = [line.split(" ")[1].encode().decode("unicode_escape") for line in table.splitlines()]
    return [point for point in points if any(Path(point).is_relative_to(directory) for directory in directories)]


def detach(directories: Sequence[Path]) -> None:
    """Unmount what is mounted there, the latest first, in use or not."""
    for point in reversed(under(directories, Path("/proc/self/mounts").read_text())):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
