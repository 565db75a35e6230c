"""Three images to install into, each an environment of its own: bare, full of NumPy, and a vendor's with PyTorch."""

from __future__ import annotations

from pathlib import Path

from tools.testkit.distributions import wheel
from tools.testkit.environments import uv
from tools.testkit.package_index import image_with

# its CPython; what the index gives it; stand-ins, small and empty, of what a vendor built under versions of its own
IMAGES: dict[str, tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "bare": ("3.12", (), ()),
    "numpy": ("3.8", ("numpy==1.21.6", "scipy==1.7.3", "pandas==1.3.5", "scikit-learn==1.0.2"), ()),
    "torch": (
        "3.10",
        ("numpy==1.22.2",),
        (("torch", "2.1.0a0+32f93b1"), ("torchvision", "0.16.0a0"), ("triton", "2.1.0+6e4932c")),
    ),
}


def make(name: str, directory: Path) -> Path:
    """The image's interpreter; the test is skipped where this machine lacks that CPython."""
    series, packages, vendor = IMAGES[name]
    (directory / "wheels").mkdir()
    wheels = [wheel(directory / "wheels", *built, (), "image", compiled=True) for built in vendor]
    python = image_with(directory / "image", series, wheels)
    if packages:
        uv("pip", "install", "--python", python, *packages)
    return python
