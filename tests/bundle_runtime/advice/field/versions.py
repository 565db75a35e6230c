"""Code, packages and Pythons of other versions than the image's."""

from __future__ import annotations

from tests.bundle_runtime.advice.code_failures import load_lines
from tests.bundle_runtime.advice.field.case import OWN_CODE, PICKLE_AGAIN, RIGHT, Case
from tests.bundle_runtime.advice.pickle_failures import NUMPY_2, bare, pickled, with_packages
from tests.bundle_runtime.advice.reading import Failure
from tests.bundle_runtime.advice.stand_ins import StandIn

NEWER = with_packages(
    "3.11", "pillow==10.4.0", "huggingface-hub==0.26.5", "protobuf==4.25.5", "pydantic==2.7.4", "pyopenssl==20.0.1",
    "cryptography==42.0.8", "pyzbar==0.1.9", "pytesseract==0.3.13", "graphviz==0.20.3", "tqdm==4.66.5",
    "jinja2==2.11.3", "markupsafe==2.1.5",
)  # fmt: skip

_DESCRIPTOR = (
    "from google.protobuf import descriptor",
    "descriptor.FieldDescriptor(name='a', full_name='a', index=0, number=1, type=9, cpp_type=9, label=1,",
    "    has_default_value=False, default_value=b'', message_type=None, enum_type=None, containing_type=None,",
    "    is_extension=False, extension_scope=None)",
)
_TREE = (
    "from sklearn.tree import DecisionTreeClassifier",
    "tree = DecisionTreeClassifier().fit([[1], [2]], [0, 1])",
    "del tree.monotonic_cst  # as scikit-learn 1.3 wrote it",
    "tree.predict([[1]])",
)
_MIXIN = (
    "from sklearn.base import ClassifierMixin",
    "class Old(ClassifierMixin):",
    "    pass",
    "Old().__sklearn_tags__()",
)
_UNION = "from typing import Dict\ncontent = {'type': int | None}"

CASES = (
    Case(
        "markupsafe", "pallets/markupsafe#288",
        "An old Jinja2 is pinned, its MarkupSafe is not, and a release without soft_unicode comes.", PICKLE_AGAIN,
        Failure("package-without-name", ("markupsafe 2.1.5 has no markupsafe.soft_unicode",),
                zip="import jinja2\n", python=NEWER),
    ),
    Case(
        "huggingface-hub", "Tencent-Hunyuan/Hunyuan3D-1#59",
        "A library imports cached_download, which huggingface_hub 0.26 does not have any more.", PICKLE_AGAIN,
        Failure("package-without-name", ("huggingface_hub.cached_download",),
                zip="from huggingface_hub import cached_download\n", python=NEWER),
    ),
    Case(
        "pillow", "robmarkcole/tensorflow-lite-rest-server#55",
        "A server of images answers each request with an error: Pillow 10 has no ANTIALIAS.", OWN_CODE,
        Failure("package-without-name", ("pillow 10.4.0 has no PIL.Image.ANTIALIAS",),
                zip="from PIL import Image\nImage.ANTIALIAS\n", python=NEWER),
    ),
    Case(
        "pyopenssl", "pyca/pyopenssl#1114", "pyOpenSSL is pinned, and cryptography is newer.", OWN_CODE,
        Failure("pyopenssl-version", ("pyOpenSSL 20.0.1", "pyopenssl>=24"), zip="from OpenSSL import SSL\n",
                python=NEWER),
    ),
    Case(
        "protobuf", "SeldonIO/MLServer#615",
        "A model server does not start any more: its generated code is older than protobuf 4.", OWN_CODE,
        Failure("protobuf-generated-code", ("protobuf 4.25.5",), zip=load_lines(*_DESCRIPTOR), python=NEWER),
    ),
    Case(
        "pydantic", "SeldonIO/MLServer#1594", "The server imports BaseSettings from pydantic, and pydantic is 2.",
        OWN_CODE,
        Failure("pydantic-2", ("pydantic 2.7.4 is installed", '"pydantic<2"'),
                zip="from pydantic import BaseSettings\n", python=NEWER),
    ),
    Case(
        "pandas-append", "newrelic-experimental/ml-performance-monitoring#72",
        "The code appends to a DataFrame, and pandas is 2.", OWN_CODE,
        Failure("pandas-removed-name", ("append by pandas.concat",),
                zip=load_lines("import pandas", "pandas.DataFrame([[1]]).append([[2]])"), python=NUMPY_2),
    ),
    Case(
        "one-hot-encoder", "shankarpandala/lazypredict#454",
        "A pipeline is built with OneHotEncoder(sparse=False), which scikit-learn 1.4 does not take.", OWN_CODE,
        Failure("keyword-of-another-version", ("OneHotEncoder.__init__ does not take sparse",),
                zip=load_lines("from sklearn.preprocessing import OneHotEncoder", "OneHotEncoder(sparse=False)"),
                python=NUMPY_2),
    ),
    Case(
        "decision-tree", "sapientml/core#93",
        "A tree of scikit-learn 1.3 is read by 1.5, and fails at the first prediction.", OWN_CODE,
        Failure("object-of-another-version", ("scikit-learn 1.6.1 looks for monotonic_cst",),
                zip=load_lines(*_TREE), python=NUMPY_2),
    ),
    Case(
        "xgboost-tags", "dmlc/xgboost#11093", "XGBoost 2.1.3 in a search of scikit-learn 1.6.", OWN_CODE,
        Failure("scikit-learn-tags", ("XGBoost 2.1.4",), zip=load_lines(*_MIXIN), python=NUMPY_2),
    ),
    Case(
        "getargspec", "keras-team/keras-tuner#860", "A library calls inspect.getargspec, and Python is 3.11.", OWN_CODE,
        Failure("python-without-name", ("inspect of Python 3.12", "no getargspec"),
                zip="import inspect\ninspect.getargspec(print)\n", python=bare("3.12")),
    ),
    Case(
        "zoneinfo", "deephaven/deephaven-core#5270", "The server imports zoneinfo under Python 3.8.",
        'wrong: "add its package to requirements"; the package of that name is not it',
        Failure("module-of-newer-python", ("came with Python 3.9",), zip="import zoneinfo\n", python=bare("3.8")),
    ),
    Case(
        "union-types", "siliconflow/onediff#355", "Types are written as str | Path, and Python is 3.9.",
        'in a pickle only "what the pickle holds cannot be made here"',
        Failure("union-of-newer-python", ("Python 3.10",), script=pickled(_UNION, 4), writer=bare("3.12"),
                python=bare("3.9")),
    ),
    Case(
        "protocol-5", "mlflow/mlflow#5419", "A model that Python 3.8 wrote is read by 3.7, which has no protocol 5.",
        RIGHT, StandIn("python-too-old", "needs Python 3.8 or newer, the image has 3.7.16", "start", ()),
    ),
    Case(
        "class-of-main", "mlflow/mlflow#727", "A class of the script that trained is not found where it is served.",
        RIGHT, Failure("notebook-class", ("in the notebook itself",), script=pickled(
            "class Transformer:\n    pass\n\ncontent = Transformer()")),
    ),
    Case(
        "numba", "manu-mannattil/nolitsa#6", "numba refuses the NumPy that came with another package.", OWN_CODE,
        StandIn("numba-numpy", "Numba needs NumPy 1.24 or less", types=("ImportError", "Exception")),
    ),
    Case(
        "torchvision", "pytorch/pytorch#122494", "torch is of one index and torchvision of another.", OWN_CODE,
        StandIn("torchvision-version", "operator torchvision::nms does not exist"),
    ),
    Case(
        "architecture", "huggingface/transformers#38500",
        "The image's transformers is older than the model that is deployed.", OWN_CODE,
        StandIn("transformers-too-old", "The checkpoint you are trying to load has model type `gemma3_text` but "
                "Transformers does not recognize this architecture.", types=("ValueError", "Exception")),
    ),
    Case(
        "state-dict", "pytorch/serve#2481", "Weights are loaded into a model of another shape.", OWN_CODE,
        StandIn("state-dict", 'Error(s) in loading state_dict for VGG:\n\tMissing key(s) in state_dict: "a"'),
    ),
)  # fmt: skip
