"""Shared libraries that the image lacks, or has in another version than a package was built for."""

from __future__ import annotations

from typing import Tuple

from bundle_runtime.advice.row import INSTALL, KIND, START, USER_CODE, Row

_ERRORS = "ImportError|OSError|RuntimeError|XGBoostError|AttributeError"


def _lacks(names: str) -> str:
    """The dynamic linker's words, and those of packages that look for a library themselves."""
    return rf"(?P<name>\b({names})[\w.+-]*\.so[\w.]*)(: cannot open shared object file|' not found| not found)"


ROWS: Tuple[Row, ...] = (
    Row(
        "libgl", USER_CODE, "The image lacks {name}, a library of the desktop that opencv-python needs.",
        "Put opencv-python-headless in requirements in the place of opencv-python (and no other opencv), or install "
        "libgl1 and libglib2.0-0 in the image.",
        error=_ERRORS, text=_lacks("libGL|libgthread|libglib|libSM|libICE|libX11|libXext|libXrender|libxcb|libEGL"),
    ),
    Row(
        "libgomp", USER_CODE, "The image lacks {name}, the OpenMP runtime that LightGBM, XGBoost and scikit-learn "
        "need.",
        "Install it in the image (Debian, Ubuntu: libgomp1; Alpine, Red Hat: libgomp). No requirement brings it.",
        error=_ERRORS, text=_lacks("libgomp|libomp|libiomp"),
    ),
    Row(
        "libcuda", USER_CODE, "There is no {name}: it is of the node's GPU driver, and a container gets it with a GPU.",
        "Ask for one with spec.serving.gpu.count; without a GPU, load a package that is built for CPUs.",
        error=_ERRORS, text=_lacks("libcuda|libnvidia-ml|libnvcuvid|libnvidia-encode"),
    ),
    Row(
        "cuda-toolkit", USER_CODE, "The image lacks {name}, a library of the CUDA toolkit that a package in the "
        "traceback was built for.",
        "Choose an image with that version of CUDA, or a build of the package for the image's (its number is in the "
        "library's name).",
        error=_ERRORS,
        text=_lacks("libcudart|libcublas|libcublasLt|libcudnn|libcufft|libcurand|libcusolver|libcusparse|libnccl|"
        "libnvrtc|libnvinfer|libnvJitLink|libcupti"),
    ),
    Row(
        "shared-library", USER_CODE, "The image lacks the shared library {name}.",
        "Install the system's package that has it in the image (`apt-file search {name}`); no requirement brings it.",
        error=_ERRORS, text=r"(?P<name>[\w.+-]+\.so[\w.]*): cannot open shared object file", rank=KIND,
    ),
    Row(
        "library-of-the-system", USER_CODE, "A package looks for a library of the system, and the image lacks it: "
        "{name}.",
        "Install it in the image (Debian: libzbar0, libmagic1, libcairo2, libsndfile1, default-jre-headless); no "
        "requirement brings it.",
        error=_ERRORS + "|JVMNotFoundException",
        text=r"Unable to find (?P<name>\w+) shared library|failed to find (?P<name2>libmagic)|no library called "
        r"\W?(?P<name3>[\w.+-]+)\W* was found|(?P<name4>sndfile) library not found|No (?P<name5>JVM) shared library",
    ),
    Row(
        "glibc-too-old", (*USER_CODE, INSTALL, START), "A package was built for a newer system than the image's: it "
        "asks for {name}.", "Choose an image with a newer system, or an older version of the package.",
        text=r"version [`'](?P<name>(GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found",
    ),
    Row(
        "static-tls", USER_CODE, "The library {name} was loaded too late: the room for its thread-local data is used "
        "up.",
        "Set LD_PRELOAD to that library by ENV in the image, or import the package that is named last in the traceback "
        "first.",
        error=_ERRORS, text=r"(?P<name>[\w./+-]+\.so[\w.]*): cannot allocate memory in static TLS block",
    ),
    Row(
        "undefined-symbol", USER_CODE, "{name} was built for another version of what it is linked with: nothing here "
        "has {symbol}.",
        "The symbol says whose it is: _ZN2at, _ZN3c10 and torch in it are PyTorch's, Py is Python's, cu is CUDA's. Ask "
        "for a build for the image's version of that (a wheel's name says which), or choose another image.",
        error=_ERRORS, text=r"(?P<name>[\w./+-]+\.so[\w.]*): undefined symbol: (?P<symbol>\w+)",
    ),
    Row(
        "library-of-32-bits", USER_CODE, "{name} is a library of 32 bits, and the image's Python has 64.",
        "Build or download it for 64 bits and the nodes' processor (`file NAME` says what it is) "
        "and make a new bundle; where it is the image's "
        "or a wheel's, install its 64-bit package.",
        error=_ERRORS, text=r"((?P<name>[^\s:]+): )?wrong ELF class: ELFCLASS32",
    ),
    Row(
        "wrong-architecture", (*USER_CODE, INSTALL, START), "A program or a library is for another processor than the "
        "node's.",
        "Choose an image and wheels for the node's architecture, or nodes by spec.serving.nodeSelector "
        "(kubernetes.io/arch).",
        text=r"[Ee]xec format error|invalid ELF header|wrong ELF class: (?!ELFCLASS32)|no match for platform",
    ),
    Row(
        "musl-image", (*USER_CODE, INSTALL), "The image has musl in the place of glibc (Alpine), for which few "
        "compiled packages are built.", "Choose an image that is based on Debian or Ubuntu, such as python:3.12-slim.",
        text=r"libc\.musl-|Error loading shared library|Error relocating|uv needs a glibc image",
    ),
)  # fmt: skip
