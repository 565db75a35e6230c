"""The pickle refers to what exists only where it was written: a notebook, a script, another system."""

from __future__ import annotations

from typing import Tuple

from bundle_runtime.advice.row import ARTIFACT, IMPORT, LOAD, UNPICKLE, Row

# in a pod __main__ is the worker's own, which Python calls by the name that it was started with
_MAIN = r"'(__main__|__mp_main__|bundle_runtime\.worker\.__main__)'"
_IN_MAIN = rf"[Cc]an't get attribute '(?P<name>[^']*)' (on|from) <module {_MAIN}"

ROWS: Tuple[Row, ...] = (
    Row(
        "notebook-class", (UNPICKLE,),
        "The pickle names {name} of __main__, the notebook or script that wrote it, and does not hold it: pickle and "
        "joblib write names only.",
        "Pickle with the client (create_model_bundle) or cloudpickle, in the notebook itself: both write such classes "
        "and functions into the pickle. Or move {name} to a module and pack the folder.",
        error="AttributeError", text=_IN_MAIN,
        edits=(ARTIFACT,),
    ),
    Row(
        "main-of-a-file", (IMPORT, LOAD),
        "A file that the code loads names {name} of __main__, the notebook or script that wrote the file; pickle, "
        "joblib and torch.save write names only.",
        "Define {name} in a module, import it from there in the script, write the file again, and put the module "
        "at the top of the bundle's folder; for PyTorch save the state_dict.",
        error="AttributeError", text=_IN_MAIN,
        edits=(ARTIFACT,),
    ),
    Row(
        "windows-path", (UNPICKLE, IMPORT, LOAD), "It was written on Windows and holds a WindowsPath, which Linux does "
        "not have.",
        "Keep paths as text, str(path), or as PurePosixPath in what is pickled, and write it again.",
        error="NotImplementedError|UnsupportedOperation", text="cannot instantiate 'WindowsPath'",
        edits=(ARTIFACT,),
    ),
    Row(
        "posix-path", (UNPICKLE, IMPORT, LOAD), "It was written on Linux or macOS and holds a PosixPath, which Windows "
        "does not have.", "Keep paths as text, str(path), in what is pickled, and write it again.",
        error="NotImplementedError|UnsupportedOperation", text="cannot instantiate 'PosixPath'",
        edits=(ARTIFACT,),
    ),
    Row(
        "pathlib-of-python-3-13", (UNPICKLE, IMPORT, LOAD),
        "Python 3.13 wrote a path into it by a name (pathlib._local) that other versions of Python do not have.",
        "Keep paths as text, str(path), in what is pickled; or write it with the image's Python.",
        error="ModuleNotFoundError", text=r"No module named 'pathlib\._local'",
        edits=(ARTIFACT,),
    ),
    Row(
        "transformers-modules", (UNPICKLE, IMPORT, LOAD),
        "It refers to transformers_modules: code of a model with trust_remote_code, which transformers copies from the "
        "hub to the machine that loads the model.",
        "Do not pickle the model: call from_pretrained(..., trust_remote_code=True) in load_model_fn, from a snapshot "
        "that is packed in the folder or from the hub.",
        error="ModuleNotFoundError", text=r"No module named 'transformers_modules",
        edits=(ARTIFACT,),
    ),
    Row(
        "ipython-object", (UNPICKLE,), "The pickle holds an object of the notebook itself (module {name}).",
        "Leave it out: a function refers to the notebook's output, history or widgets. Give it what it needs as an "
        "argument or a variable of its own, and pickle again.",
        error="ModuleNotFoundError", text=r"No module named '(?P<name>(IPython|ipykernel|ipykernel_launcher|ipywidgets|"
        r"google\.colab|matplotlib_inline)\b[^']*)'",
        edits=(ARTIFACT,),
    ),
)  # fmt: skip
