"""Code that fails while it is imported or loads the model: in the bundle's folder, with what the machine has."""

from __future__ import annotations

from tests.bundle_runtime.advice.pickle_failures import BUILT_FOR_1, bare
from tests.bundle_runtime.advice.reading import Failure


def load_lines(*lines: str) -> str:
    """A load_predict_fn of these lines."""
    return "def load():\n" + "".join(f"    {line}\n" for line in lines)


_MAIN = load_lines(
    "import pickle, pickletools",
    "data = b'\\x80\\x02c__main__\\nModel\\n)R.'  # as pickle writes an object of a script",
    "pickle.loads(data)",
)
_BAD_LIBRARY = load_lines(
    "import ctypes",
    "library = __file__.replace('predict.py', 'libscore.so')",
    "file = open(library, 'wb')",
    "file.write(b'\\x7fELF\\x01\\x01\\x01' + bytes(5000))  # as a compiler for 32 bits begins it",
    "file.close()",
    "ctypes.CDLL(library)",
)
_OTHER_PROGRAM = load_lines(
    "import os, subprocess",
    "program = __file__.replace('predict.py', 'score')",
    "file = open(program, 'wb')",
    "file.write(b'\\x7fELF\\x02\\x01\\x01' + bytes(9) + b'\\x02\\x00\\x16\\x00' + bytes(5000))  # of System/390",
    "file.close()",
    "os.chmod(program, 0o755)",
    "subprocess.run([program])",
)
_UNREADABLE = load_lines(
    "import os",
    "is_root = os.getuid() == 0  # who may read everything",
    "os.seteuid(65533) if is_root else None",
    "try:",
    "    open('/etc/shadow').read()",
    "finally:",
    "    os.seteuid(0) if is_root else None",
)
_MANY_FILES = load_lines(
    "import resource",
    "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "kept = [open('/etc/passwd') for number in range(100)]",
)
_TEXT = load_lines(
    "words = __file__.replace('predict.py', 'words.txt')",
    "open(words, 'wb').write({0})",
    "open(words, encoding={1!r}).read()",
)
_LARGE_ARRAY = load_lines(
    "import numpy, resource",
    "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))  # as a machine with 2 GiB",
    "features = numpy.zeros((200_000, 20_000))",
)


def _changed_library(old: bytes, new: bytes) -> str:
    """One of NumPy's, that asks for what no machine has."""
    return load_lines(
        "import ctypes, importlib.util, pathlib",
        "found = importlib.util.find_spec('numpy.random.mtrand').origin",
        f"data = pathlib.Path(found).read_bytes().replace({old!r}, {new!r})",
        "library = pathlib.Path(__file__).with_name('libscore.so')",
        "library.write_bytes(data)",
        "ctypes.CDLL(str(library))",
    )


_NO_KEYS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_CONFIG_FILE": "/none"}


def _library(name: str) -> str:
    """In the words of this machine's dynamic linker."""
    return f"import ctypes\nctypes.CDLL({name!r})\n"


FAILURES = (
    Failure("main-of-a-file", ("names Model of __main__", "state_dict"), zip=_MAIN),
    Failure("python-removed-module", ("no module imp any more",), zip="import imp\n", python=bare("3.12")),
    Failure("collections-abc", ("have Mapping in collections.abc",), zip="from collections import Mapping\n"),
    Failure("newer-syntax", ("Python 3.8",), zip="def f(x: list[int]): pass\n", python=bare("3.8")),
    Failure(
        "union-of-newer-python", ("Python 3.8", "__future__"), zip="def f(x: int | None): pass\n", python=bare("3.8"),
    ),
    Failure("pkg-resources", ('"setuptools<81"',), zip="import pkg_resources\n", python=bare("3.12")),
    Failure("compiled-for-numpy-1", ("NumPy 2.2.6",), zip="import bottleneck\n", python=BUILT_FOR_1),
    Failure("compiled-for-another-numpy", ("2.2.6",), zip="import h5py\n", python=BUILT_FOR_1),
    Failure("numpy-removed-name", ("numpy.float",), zip="import numpy\nkind = numpy.float\n"),
    Failure(
        "missing-import", ("'no_such'", "put its file or folder at the top of the bundle"),
        zip="import no_such\n",
    ),
    Failure(
        "file-hides-a-package", ("numpy.py",),
        zip="import pathlib\npathlib.Path(__file__).with_name('numpy.py').touch()\nfrom numpy import zeros\n",
    ),
    Failure("circular-import", ("module predict.py", "third module"), zip="from predict import load_model\n"),
    Failure(
        "path-of-another-machine", ("/home/jovyan/data/labels.csv", "Pack the file"),
        zip=load_lines("open('/home/jovyan/data/labels.csv')"),
    ),
    Failure(
        "installs-packages", ("(pip)", "requirements"),
        zip=load_lines(
            "import subprocess, sys",
            "words = '-m pip install --no-index no-such'.split()",
            "subprocess.check_call([sys.executable, *words])",
        ),
    ),
    Failure(
        "port-taken", ("app.run()",),
        zip=load_lines("import socket", "server = socket.create_server(('127.0.0.1', 0))",
                       "socket.create_server(server.getsockname())"),
    ),
    Failure("libgl", ("opencv-python-headless",), zip=_library("libGL.so.99")),
    Failure("libgomp", ("No requirement brings it",), zip=_library("libgomp.so.99")),
    Failure("libcuda", ("spec.serving.gpu.count",), zip=_library("libcuda.so.1")),
    Failure("cuda-toolkit", ("libcudnn.so.8",), zip=_library("libcudnn.so.8")),
    Failure("shared-library", ("libsndfile.so.99",), zip=_library("libsndfile.so.99")),
    Failure("library-of-32-bits", ("libscore.so", "64 bits"), zip=_BAD_LIBRARY),
    Failure("wrong-architecture", ("nodeSelector",), zip=_OTHER_PROGRAM),
    Failure("file-below-root", ("uid 65533",), zip=load_lines("open('/root/.cache/m/weights')")),
    Failure("file-below-home-or-tmp", ("/tmp is empty",), zip=load_lines("open('/tmp/m/weights')")),
    Failure(
        "service-account-token", ("kubernetes.io/service-account-token", "spec.serving.volumes"),
        zip=load_lines("open('/var/run/secrets/kubernetes.io/serviceaccount/token')"),
    ),
    Failure("file-not-in-bundle", ("image's WORKDIR",), zip=load_lines("open('weights.pt')")),
    Failure("missing-program", ("no program ffprobe9",), zip="import subprocess\nsubprocess.run(['ffprobe9'])\n"),
    Failure("disk-full", ("ephemeralStorage",), zip=load_lines("open('/dev/full', 'w').write('x' * 10**6)")),
    Failure(
        "user-without-name", ("The pwd module", "os.environ['HOME']"),
        zip=load_lines("import pwd", "uid = 65533  # as os.getuid() says in a pod", "home = pwd.getpwuid(uid).pw_dir"),
    ),
    Failure("missing-variable", ("variable MODEL_PATH",), zip=load_lines("import os", "os.environ['MODEL_PATH']")),
    Failure(
        "variable-of-capitals", ("no key MODEL_PATH", "which dict"),
        zip=load_lines("import os", "settings = dict(os.environ)", "settings['MODEL_PATH']"),
    ),
    Failure(
        "no-cloud-credentials", ("envFrom", "predict.py:3 in load: boto3.client"),
        zip=load_lines("import boto3", "boto3.client('s3').list_buckets()"),
        environment=_NO_KEYS,
    ),
    Failure(
        "no-network", ("NetworkPolicy",),
        zip=load_lines("import urllib.request", "urllib.request.urlopen('http://127.0.0.1:1/model')"),
    ),
    Failure(
        "array-beyond-any-machine", ("6.39 PiB", "the size is wrong"),
        zip=load_lines("import numpy", "users = 30_000_000", "similarity = numpy.zeros((users, users))"),
    ),
    Failure(
        "memory-error", ("8 bytes", "scipy.sparse", "spec.serving.resources.memory"),
        zip=load_lines("users = 30_000_000", "similarity = [0.0] * users * users"),
    ),
    Failure("file-not-readable", ("/etc/shadow may not be read", "uid 65533"), zip=_UNREADABLE),
    Failure(
        "text-older-encoding", ("not in that.", "'\xe5' in cp1252", "THAT"),
        zip=_TEXT.format("'vi g\\xe5r hem'.encode('cp1252')", "utf-8"),
    ),
    Failure("text-cut-off", ("Text in utf-8",), zip=_TEXT.format("'\\xe9t\\xe9'.encode()[:-1]", "utf-8")),
    Failure("not-text", ("'rb'",), zip="import pickle\n" + _TEXT.format("pickle.dumps([1])", "utf-8")),
    Failure("too-many-files", ("as many files open",), zip=_MANY_FILES),
    Failure("array-too-large", ("29.8 GiB more", "float32"), zip=_LARGE_ARRAY),
    Failure(
        "glibc-too-old", ("asks for GLIBC_9.",), zip=_changed_library(b"GLIBC_2.", b"GLIBC_9."),
    ),
    Failure(
        "undefined-symbol", ("has PyXbject_", "Py is Python's"), zip=_changed_library(b"PyObject_", b"PyXbject_"),
    ),
    Failure("program-exits", ("sys.exit",), zip=load_lines("import argparse", "parser = argparse.ArgumentParser()",
        "parser.add_argument('--model', required=True)", "parser.parse_args([])")),
    Failure(
        "load-function", ("has no function load; it has: other", "Correct the path"), zip="def other(): pass\n",
        reason="LoadFunctionNotFound",
    ),
    Failure("module-raises", ("fix it and make a new bundle",), zip="x = 1 / 0\n"),
    Failure("code-raises", ("fix it and make a new bundle",), zip=load_lines("raise ValueError('no such layer')")),
)  # fmt: skip
