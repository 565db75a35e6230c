"""Shared libraries that the image lacks, or has in another version than a package was built for."""

from __future__ import annotations

from typing import Tuple

from bundle_runtime.advice.row import ARTIFACT, FIELDS, INSTALL, KIND, OWN_IMAGE, SERVING, START, USER_CODE, Row

_ERRORS = "ImportError|OSError|RuntimeError|XGBoostError|AttributeError"


def _lacks(names: str) -> str:
    """The dynamic linker's words, and those of packages that look for a library themselves."""
    return rf"(?P<name>\b({names})[\w.+-]*\.so[\w.]*)(: cannot open shared object file|' not found| not found)"


ROWS: Tuple[Row, ...] = (
    Row(
        "libgl", USER_CODE, "The image lacks {name}, a library of the desktop that opencv-python needs.",
        "Put opencv-python-headless in spec.bundle.requirements in the place of opencv-python (and no other opencv), "
        "or install "
        f"libgl1 and libglib2.0-0 in {OWN_IMAGE}.",
        error=_ERRORS, text=_lacks("libGL|libgthread|libglib|libSM|libICE|libX11|libXext|libXrender|libxcb|libEGL"),
        edits=(FIELDS,),
    ),
    Row(
        "libgomp", USER_CODE, "The image lacks {name}, the OpenMP runtime that LightGBM, XGBoost and scikit-learn "
        "need.",
        f"Install it in {OWN_IMAGE}; its package is libgomp1 in Debian and Ubuntu, libgomp in Alpine and Red Hat. No "
        "requirement brings it.",
        error=_ERRORS, text=_lacks("libgomp|libomp|libiomp"),
        edits=(FIELDS,),
    ),
    Row(
        "libcuda", USER_CODE, "There is no {name}: it is of the node's GPU driver, and a container gets it with a GPU.",
        "Ask for one with spec.serving.gpu.count; without a GPU, take a build of the package for CPUs "
        "(spec.bundle.requirements or the image).",
        error=_ERRORS, edits=(FIELDS, SERVING), text=_lacks("libcuda|libnvidia-ml|libnvcuvid|libnvidia-encode"),
    ),
    Row(
        "cuda-toolkit", USER_CODE, "The image lacks {name}, a library of the CUDA toolkit that a package in the "
        "traceback was built for.",
        "Choose an image with that version of CUDA, whose number is in the library's name ({image}), or in "
        "spec.bundle.requirements a build of the package for the image's.",
        error=_ERRORS,
        text=_lacks("libcudart|libcublas|libcublasLt|libcudnn|libcufft|libcurand|libcusolver|libcusparse|libnccl|"
        "libnvrtc|libnvinfer|libnvJitLink|libcupti"),
        edits=(FIELDS,),
    ),
    Row(
        "shared-library", USER_CODE, "The image lacks the shared library {name}.",
        f"Install the system's package that has it (`apt-file search {{name}}`) in {OWN_IMAGE}; no requirement brings "
        "it.",
        error=_ERRORS, text=r"(?P<name>[\w.+-]+\.so[\w.]*): cannot open shared object file", rank=KIND,
        edits=(FIELDS,),
    ),
    Row(
        "library-of-the-system", USER_CODE, "A package looks for a library of the system, and the image lacks it: "
        "{name}.",
        f"Install it in {OWN_IMAGE}; Debian's packages are libzbar0, libmagic1, libcairo2, libsndfile1, "
        "default-jre-headless. No requirement brings it.",
        error=_ERRORS + "|JVMNotFoundException",
        text=r"Unable to find (?P<name>\w+) shared library|failed to find (?P<name2>libmagic)|no library called "
        r"\W?(?P<name3>[\w.+-]+)\W* was found|(?P<name4>sndfile) library not found|No (?P<name5>JVM) shared library",
        edits=(FIELDS,),
    ),
    Row(
        "glibc-too-old", (*USER_CODE, INSTALL, START), "A package was built for a newer system than the image's: it "
        "asks for {name}.", "Choose an image with a newer system ({image}), or in spec.bundle.requirements an older "
        "version of the package.",
        text=r"version [`'](?P<name>(GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found",
        edits=(FIELDS,),
    ),
    Row(
        "static-tls", USER_CODE, "The library {name} was loaded too late: the room for its thread-local data is used "
        "up.",
        f"Set ENV LD_PRELOAD to that library's whole path in {OWN_IMAGE}, or import the package that is named last in "
        "the traceback before all others.",
        error=_ERRORS, text=r"(?P<name>[\w./+-]+\.so[\w.]*): cannot allocate memory in static TLS block",
    ),
    Row(
        "undefined-symbol", USER_CODE, "{name} was built for another version of what it is linked with: nothing here "
        "has {symbol}.",
        "The symbol says whose it is: _ZN2at, _ZN3c10 and torch in it are PyTorch's, Py is Python's, cu is CUDA's. Ask "
        "in spec.bundle.requirements for a build for the image's version of that (a wheel's name says which), or "
        "choose an image with the version that it was built for ({image}).",
        error=_ERRORS, text=r"(?P<name>[\w./+-]+\.so[\w.]*): undefined symbol: (?P<symbol>\w+)",
        edits=(FIELDS,),
    ),
    Row(
        "library-of-32-bits", USER_CODE, "{name} is a library of 32 bits, and the image's Python has 64.",
        "Build or download it for 64 bits and the node's processor ({machine}); `file NAME` says what it is. Where it "
        "is the image's or a wheel's, install its 64-bit package.",
        error=_ERRORS, text=r"((?P<name>[^\s:]+): )?wrong ELF class: ELFCLASS32",
    ),
    Row(
        "wrong-architecture", (*USER_CODE, INSTALL, START), "A program or a library is for another processor than the "
        "node's ({machine}).",
        "Choose an image ({image}) and wheels for that architecture, or other nodes (kubernetes.io/arch in "
        "spec.serving.nodeSelector).",
        edits=(ARTIFACT, FIELDS, SERVING),
        text=r"[Ee]xec format error|invalid ELF header|wrong ELF class: (?!ELFCLASS32)|no match for platform",
    ),
    Row(
        "musl-image", (*USER_CODE, INSTALL), "The image has musl in the place of glibc (Alpine), for which few "
        "compiled packages are built.", "Choose an image that is based on Debian or Ubuntu, such as python:3.12-slim "
        "({image}).",
        edits=(FIELDS,),
        text=r"libc\.musl-|Error loading shared library|Error relocating|uv needs a glibc image",
    ),
)  # fmt: skip
