"""Code that asks a hub, a server or a screen for what a pod does not have, with the libraries that people use."""

from __future__ import annotations

from tests.bundle_runtime.advice.code_failures import load_lines
from tests.bundle_runtime.advice.pickle_failures import with_packages
from tests.bundle_runtime.advice.reading import Failure

LIBRARIES = with_packages("3.11", "huggingface_hub==0.26.5", "nltk==3.9.1", "openai==1.57.0", "httpx==0.27.2")
TRANSFORMERS = with_packages("3.11", "transformers==4.46.3", "numpy==2.2.6")
ONNX = with_packages("3.11", "onnxruntime==1.20.1", "numpy==2.2.6")
NUMBA = with_packages("3.11", "numba==0.61.2", "numpy==2.2.6")

_OFFLINE = "import os\nos.environ['HF_HUB_OFFLINE'] = '1'\n"
_SNAPSHOT = load_lines("from huggingface_hub import snapshot_download", "snapshot_download({name!r})")
_TRANSFORMERS = load_lines(
    "import pathlib",
    "folder = pathlib.Path(__file__).with_name('weights')",
    "folder.mkdir()",
    "{config}",
    "from transformers import AutoConfig",
    "AutoConfig.from_pretrained(str(folder))",
)
# a model of an operator set of 2040, as protobuf writes it
_MODEL = "b'\\x08\\x7f:\\x05\\x12\\x03abcB\\x02\\x10\\x0b'"
_CERTIFICATE = load_lines(
    "import pathlib, ssl, socket, subprocess, threading, urllib.request",
    "key = pathlib.Path(__file__).with_name('key.pem')",
    "words = 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout'.split()",
    "subprocess.run([*words, key, '-out', f'{key}.crt'], check=True, capture_output=True)",
    "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)",
    "context.load_cert_chain(f'{key}.crt', key)",
    "server = socket.create_server(('127.0.0.1', 0))",
    "def answer():",
    "    try:",
    "        context.wrap_socket(server.accept()[0], server_side=True)",
    "    except OSError:  # the other side hangs up",
    "        pass",
    "threading.Thread(target=answer, daemon=True).start()",
    "urllib.request.urlopen(f'https://localhost:{server.getsockname()[1]}/model')",
)
_NUMBA = load_lines(
    "import numba",
    "names = {}",
    "exec('def predict(x):\\n    return x', names)  # as a pickled function, which is of no file",
    "numba.njit(cache=True)(names['predict'])",
)

FAILURES = (
    Failure(
        "offline-hub", ("Pack the files with the bundle",), zip=_OFFLINE + _SNAPSHOT.format(name="acme/small"),
        python=LIBRARIES,
    ),
    Failure("not-on-the-hub", ("pack the folder",), zip=_SNAPSHOT.format(name="./weights"), python=LIBRARIES),
    Failure(
        "nltk-data", ("data punkt_tab", "NLTK_DATA"),
        zip=load_lines("import nltk", "nltk.data.find('tokenizers/punkt_tab')"), python=LIBRARIES,
    ),
    Failure(
        "missing-api-key", ("variable OPENAI_API_KEY", "envFrom"), zip=load_lines("import openai", "openai.OpenAI()"),
        python=LIBRARIES,
    ),
    Failure(
        "model-folder-incomplete", ("config.json", "save_pretrained"), zip=_TRANSFORMERS.format(config="pass"),
        python=TRANSFORMERS,
    ),
    Failure(
        "transformers-too-old", ("transformers 4.46.3", "newer_than_it"),
        zip=_TRANSFORMERS.format(config="(folder / 'config.json').write_text('{\"model_type\": \"newer_than_it\"}')"),
        python=TRANSFORMERS,
    ),
    Failure(
        "model-file-not-there", ("There is no model.onnx",),
        zip=load_lines("import onnxruntime", "onnxruntime.InferenceSession('model.onnx')"), python=ONNX,
    ),
    Failure(
        "onnx-version", ("IR version 127",),
        zip=load_lines("import onnxruntime", f"onnxruntime.InferenceSession({_MODEL})"), python=ONNX,
    ),
    Failure("numba-cache", ("NUMBA_CACHE_DIR",), zip=_NUMBA, python=NUMBA),
    Failure("no-display", ("MPLBACKEND=Agg",), zip=load_lines("import tkinter", "tkinter.Tk()")),
    Failure("certificate-not-trusted", ("SSL_CERT_FILE",), zip=_CERTIFICATE),
)  # fmt: skip
