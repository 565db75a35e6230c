"""Code that was a script or a notebook, and now is a part of a server: its event loop, its threads, its processes, and
nobody at a keyboard or a screen."""

from __future__ import annotations

from typing import Tuple

from bundle_runtime.advice.row import ARTIFACT, FIELDS, IMPORT, LOAD, OWN_IMAGE, SERVING, USER_CODE, Row

ROWS: Tuple[Row, ...] = (
    Row(
        "running-event-loop", USER_CODE, "A coroutine function, or what it calls, starts an event loop while one runs "
        "already.",
        "Await it (`await f()` in the place of `asyncio.run(f())`), or make the outer function a plain `def`: there "
        "asyncio.run works.",
        error="RuntimeError",
        text=r"asyncio\.run\(\) cannot be called from a running event loop|[Tt]his event loop is already running|"
        r"Cannot run the event loop while another loop is running",
        edits=(ARTIFACT,),
    ),
    Row(
        "no-event-loop", USER_CODE, "The code asks for an event loop where none runs: in a thread, or in a plain "
        "function.",
        "Write `asyncio.run(f())` in the place of `get_event_loop().run_until_complete(f())`, or make the function an "
        "`async def`.",
        error="RuntimeError", text="[Tt]here is no current event loop|no running event loop",
        edits=(ARTIFACT,),
    ),
    Row(
        "port-taken", USER_CODE, "The code starts a server of its own on a port that is taken.",
        "Leave app.run(), uvicorn.run(), launch() and start_http_server() out: the bundle's server answers requests "
        "with predict_fn, and /metrics has what prometheus_client counts.",
        error="OSError", text="[Aa]ddress already in use|[Cc]annot find empty port",
        edits=(ARTIFACT,),
    ),
    Row(
        "signal-in-a-thread", USER_CODE, "The code sets a handler of signals in a thread, and Python takes them in the "
        "main thread only.",
        "Leave it out, or switch off the library's option that sets handlers: the server ends the worker itself. With "
        "spec.serving.maxConcurrency above 1 requests run in threads.",
        error="ValueError", text="signal only works in main thread",
        edits=(ARTIFACT,),
    ),
    Row(
        "sqlite-in-a-thread", USER_CODE, "A connection of SQLite is used in another thread than the one that made it.",
        "Connect in the function that uses it, or with check_same_thread=False where all only read. With "
        "spec.serving.maxConcurrency above 1 requests run in threads.",
        error="ProgrammingError", text="SQLite objects created in a thread",
        edits=(ARTIFACT,),
    ),
    Row(
        "sqlite-file", USER_CODE, "SQLite cannot open the file, or not for writing: the bundle and the image are "
        "read-only in a pod.",
        "Open a file of the bundle by `sqlite3.connect('file:NAME?mode=ro&immutable=1', uri=True)`; what is written "
        "belongs below /tmp, or on another server.",
        error="OperationalError", text="unable to open database file|attempt to write a readonly database",
        edits=(ARTIFACT,),
    ),
    Row(
        "cuda-after-fork", USER_CODE, "A process that uses the GPU was forked, and the child uses it too: CUDA does "
        "not work in it.",
        "Start processes by multiprocessing.get_context('spawn') (DataLoader: multiprocessing_context='spawn', or "
        "num_workers=0), or before anything uses the GPU.",
        error="RuntimeError", text="Cannot re-initialize CUDA in forked subprocess",
        edits=(ARTIFACT,),
    ),
    Row(
        "cannot-be-sent-to-a-process", (IMPORT, LOAD), "{name} is to be pickled, as what another process gets is, "
        "and a function or class within a function cannot be.",
        "Move it to the top of a module of the bundle's folder, and hand over what it used of the function around it "
        "(args=). Or take threads, which pickle nothing: threading.Thread for a Process, "
        "concurrent.futures.ThreadPoolExecutor for a pool.",
        error="AttributeError|PicklingError",
        text=r"Can't (pickle|get) local object '?(?P<name>[\w.<>]+)|Can't pickle <(function|class) (?P<name2>[\w.<>]+)",
        edits=(ARTIFACT,),
    ),
    Row(
        "reads-the-keyboard", USER_CODE, "The code asks a person (input, getpass), and a pod has no keyboard.",
        "Read it from spec.bundle.appConfig or from a variable of spec.bundle.env; a password from one of a Secret "
        "(spec.serving.envFrom).",
        error="EOFError", text="EOF when reading a line", edits=(ARTIFACT, FIELDS, SERVING),
    ),
    Row(
        "no-display", USER_CODE, "The code opens a window, and a pod has no display.",
        "Choose a back end that draws into files (MPLBACKEND=Agg in spec.bundle.env, or matplotlib.use('Agg') in the "
        "code), in spec.bundle.requirements opencv-python-headless; leave show() and imshow() out.",
        error="TclError|RuntimeError|ImportError|error",
        text="no display name and no \\$DISPLAY|could not connect to display|[Cc]annot (connect to X server|load "
        "backend '\\w+' which requires)|Can't initialize GTK|Qt platform plugin|Cannot open display",
    ),
    Row(
        "notebook-widgets", USER_CODE, "The code shows a widget of a notebook, such as tqdm's progress bar, where "
        "there is none.",
        "Import tqdm from tqdm or tqdm.auto in the place of tqdm.notebook.",
        error="ImportError", text="IProgress not found|update jupyter and ipywidgets",
        edits=(ARTIFACT,),
    ),
    Row(
        "locale", USER_CODE, "The image does not have the locale that the code sets.",
        f"Install it in {OWN_IMAGE}, in Debian by the package locales and locale-gen; or set C.UTF-8 in the code. "
        "babel formats numbers and dates without a locale of the system.",
        error="Error", text="unsupported locale setting",
    ),
    Row(
        "cannot-start-thread", USER_CODE, "The system gives the process no more threads: the limit of processes in a "
        "pod or on the node is reached.",
        "Start fewer: OMP_NUM_THREADS and OPENBLAS_NUM_THREADS in spec.bundle.env, n_jobs and max_workers in the code "
        "(pools made once at load, not in each request). Or ask the administrator of the nodes for a higher limit of "
        "PIDs.",
        text="can't start new thread|pthread_create failed|libgomp: Thread creation failed|unable to create new native "
        "thread",
    ),
    Row(
        "relative-import", (IMPORT, LOAD), "A module at the top of the bundle is in no package, so that `from . "
        "import` has nothing to start from.",
        "Import it by its name (`import helpers`), or put the modules into a folder with an __init__.py and name "
        "folder.module.function in spec.bundle.loadPredictFn.",
        error="ImportError|ValueError", text="attempted relative import",
        edits=(ARTIFACT,),
    ),
    Row(
        "not-fitted", USER_CODE, "The model was never fitted: it was written before fit, another object than the "
        "fitted one was written, or the code makes a new one.",
        "See where the line above has its model from: load it from the bundle; and pickle what fit returned (of a "
        "search: best_estimator_), with a predict on it before.",
        error="NotFittedError", text="",
        edits=(ARTIFACT,),
    ),
    Row(
        "not-installed-itself", USER_CODE, "The code asks for the version of a package that is not installed in the "
        "image: often of itself.",
        "Add the package to spec.bundle.requirements, or catch importlib.metadata.PackageNotFoundError in the code.",
        error="PackageNotFoundError", text="",
    ),
)  # fmt: skip
