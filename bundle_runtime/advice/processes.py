"""A container that does not start, or whose process ends without an exception: what the kubelet tells of it."""

from __future__ import annotations

from typing import Tuple

from bundle_runtime.advice.paths import SHM_SIZE
from bundle_runtime.advice.row import ARTIFACT, ENDED, FIELDS, OWN_IMAGE, SERVING, START, USER_CODE, Row

ROWS: Tuple[Row, ...] = (
    Row(
        "no-python", (START,), "The image needs a python3 on its PATH: a pod starts that program, not the image's "
        "entrypoint.",
        "Set ENV PATH in the image (conda: ENV PATH=/opt/conda/bin:$PATH), or link python3 into /usr/local/bin, "
        "for every user (a pod's is not root, and sees nothing of /root); and name that image ({image}).",
        edits=(FIELDS,),
        text=r"python3\W+(: )?.*(executable file not found|no such file)|(not found|no such file).*python3",
    ),
    Row(
        "python-does-not-start", (START,), "The image's python3 does not start ({name}).",
        "`docker run --rm --user 65533 --entrypoint python3 IMAGE -V` shows it too. One that was copied into the image "
        "lacks its libraries, and ENV PYTHONHOME or LD_LIBRARY_PATH may name wrong ones: mend that in the image, and "
        "name the new one ({image}).",
        edits=(FIELDS,),
        text=r"python3[\w.]*: error while loading shared libraries: (?P<name>[^\s:]+)|"
        r"Fatal Python error: (?P<name2>(py)?init\w+|Py_Init\w+)",
    ),
    Row(
        "illegal-instruction", (ENDED,), "A compiled package uses an instruction that the node's processor does not "
        "have, such as AVX.",
        "`kubectl debug node/NODE -it --image=busybox -- grep -m1 flags /proc/cpuinfo` names those that it has (NODE: "
        "kubectl get pods -o wide). Ask in spec.bundle.requirements for a build for older processors, or choose newer "
        "nodes (spec.serving.nodeSelector).",
        edits=(FIELDS, SERVING),
        text=r"exit code 132\b",
    ),
    Row(
        "segmentation-fault", (ENDED,), "A compiled package crashed the process (SIGSEGV).",
        "The usual cause is a package for another version of NumPy or PyTorch, or two builds of one library (OpenMP, "
        "protobuf): take the versions with which it worked, in spec.bundle.requirements or by the image ({image}). "
        "`import faulthandler; faulthandler.enable()` first in the code has the traceback in the log.",
        text=r"exit code 139\b",
    ),
    Row(
        "abort", (ENDED,), "A compiled package ended the process (SIGABRT); its last lines say why.",
        "See `kubectl logs --previous POD -c worker`: std::bad_alloc there is memory (spec.serving.resources.memory), "
        "a failed check of CUDA is the GPU's driver or its memory.",
        edits=(ARTIFACT, SERVING),
        text=r"exit code 134\b",
    ),
    Row(
        "bus-error", (ENDED,), "The process used shared memory or a file that is shorter than it says (SIGBUS); "
        f"/dev/shm is {SHM_SIZE}.",
        "Raise what is set of these, or use fewer workers of the DataLoader.", edits=(ARTIFACT, SERVING),
        text=r"exit code 135\b",
    ),
    Row(
        "installs-packages", USER_CODE, "The code installs packages while it loads ({name}), and in a pod that cannot "
        "work: the image is read-only, and the user is not root.",
        "Leave that call out, and name Python packages in spec.bundle.requirements; what {name} brings beside Python "
        "goes into "
        f"{OWN_IMAGE}.",
        error="CalledProcessError", text=r"\b(?P<name>pip|conda|mamba|apt-get|apt|uv)\b.*\binstall\b",
    ),
    Row(
        "program-exits", USER_CODE, "The code ends the process (sys.exit) while it loads, as a script does that reads "
        "arguments or finds something missing.",
        "Put what runs only as a script below `if __name__ == \"__main__\":`.",
        error="SystemExit", edits=(ARTIFACT,),
    ),
)  # fmt: skip
