"""Public lists whose lines are all requirements: what comes of them is for each image to say."""

from __future__ import annotations

from tests.bundle_runtime.worker.install.public.row import INSTALLED, PublicList, breaks, refused

_CONFLICT, _NOT_FOUND, _FAILED = "RequirementsConflict", "RequirementNotFound", "InstallFailed"
_SINCE_3_9 = '; python_version >= "3.9" and python_version < "3.13"'
_NUMPY, _HEAVY = (
    "the image has numpy==1.22.2, which is kept as it is",
    "the image has numpy==1.21.6, which is kept as it is",
)
_URL_QUOTE = breaks("package-without-name", "cannot import name 'url_quote' from 'werkzeug.urls'")
_ESCAPE = breaks("package-without-name", "cannot import name 'escape' from 'jinja2'")
_PKG_RESOURCES = refused(
    _NOT_FOUND, "pkg-resources==0.0.0 is not at the index", advice=("requirement-of-another-system",)
)
_SKIMAGE = refused(_FAILED, "Please install the `scikit-image` package", advice=("renamed-package",))
# two of the list have no wheel for 3.12
_TOO_OLD = refused(_FAILED, "Failed to build", advice=("build-needs-pkg-resources", "build-for-older-python"))
_HUB = refused(
    _CONFLICT, "the requirements exclude each other. To solve it, write transformers==4.31.0 in place of "
    "transformers==4.38.0 (requirements[0])",
)  # fmt: skip

ROWS = (
    PublicList(
        "Adelbaseli/DTLN_Real_Time_Speech-Enhancement", "serving/requirements.txt",
        ("fastapi>=0.109.0", "uvicorn[standard]>=0.27.0", "python-multipart>=0.0.6", "onnxruntime>=1.16.0",
         "soundfile>=0.12.1", "scipy>=1.11.0", "numpy>=1.24.0"),
        "import fastapi, onnxruntime, scipy, soundfile",
        bare=INSTALLED,
        numpy=refused(_CONFLICT, "requirements[5] is scipy>=1.11.0: write scipy", f"{_HEAVY}, and requirements[6] is "
                      "numpy>=1.24.0: write numpy, or take an image with the version that you need"),
        torch=refused(_CONFLICT, f"{_NUMPY}, and requirements[6] is numpy>=1.24.0: write numpy"),
    ),
    PublicList(
        "AmanuelZeredawit/real-estate-price-prediction", "deployment/requirements.txt",
        ("pandas ", "numpy", "joblib", "flask", "scikit-learn"),
        "import flask, joblib, pandas, sklearn", bare=INSTALLED, numpy=INSTALLED, torch=INSTALLED,
    ),
    PublicList(
        "tensorflow/tensorflow", "requirements_lock_3_9.txt",
        ("absl-py==2.0.0 --hash=sha256:9a28abb62774ae4e8edbe2dd4c49ffcd45a6a848952a5eccc6a49f3f0fc1e2f3 "
         "--hash=sha256:d9690211c5fcfefcdd1a45470ac2b5c5acd45241c3af71eed96bc5441746c0d5",
         "gast==0.4.0 --hash=sha256:40feb7b8b8434785585ab224d1568b857edb18297e5a3047f1ba012bc83b42c1"),
        "import absl, gast", bare=INSTALLED, numpy=INSTALLED, torch=INSTALLED,
    ),
    PublicList(
        "huggingface/text-generation-inference", "server/requirements_cuda.txt",
        (f"click==8.1.7 {_SINCE_3_9}", f"loguru==0.6.0 {_SINCE_3_9}", f"numpy==1.26.4 {_SINCE_3_9}",
         f"scipy==1.13.1 {_SINCE_3_9}", f'win32-setctime==1.1.0 {_SINCE_3_9} and sys_platform == "win32"'),
        "import click, loguru, scipy",
        bare=INSTALLED,
        numpy=breaks("missing-import", "No module named 'click'"),
        torch=refused(_CONFLICT, f"{_NUMPY}, and requirements[2] is numpy==1.26.4"),
    ),
    PublicList(
        "mlflow/mlflow", "requirements/core-requirements.txt",
        ("Flask<4", "alembic<2,!=1.10.0", "gunicorn<24; platform_system != 'Windows'", "numpy<3", "pandas<3",
         "scikit-learn<2", "scipy<2", "sqlalchemy<3,>=1.4.0", "waitress<4; platform_system == 'Windows'"),
        "import flask, gunicorn, sklearn, sqlalchemy", bare=INSTALLED, numpy=INSTALLED, torch=INSTALLED,
    ),
    PublicList(
        "eightBEC/fastapi-ml-skeleton", "requirements.txt",
        ("requests==2.22.0", "uvicorn==0.11.7", "fastapi==0.48.0", "numpy==1.18.1", "scikit-learn==0.22.1",
         "joblib==0.14.1", "loguru==0.4.1"),
        "import fastapi, sklearn",
        bare=_TOO_OLD,
        numpy=refused(_CONFLICT, f"{_HEAVY}, and requirements[3] is numpy==1.18.1: write numpy",
                      "requirements[4] is scikit-learn==0.22.1: write scikit-learn"),
        torch=refused(_CONFLICT, f"{_NUMPY}, and requirements[3] is numpy==1.18.1: write numpy"),
    ),
    PublicList(
        "krishnaik06/Heroku-Demo", "requirements.txt",
        ("Flask==1.1.1", "gunicorn==19.9.0", "itsdangerous==1.1.0", "numpy>=1.9.2", "scipy>=0.15.1",
         "scikit-learn>=0.18", "pandas>=0.19"),
        "import flask, sklearn", bare=_ESCAPE, numpy=_ESCAPE, torch=_ESCAPE,
    ),
    PublicList(
        "naoto0804/cross-domain-detection", "requirements.txt",
        ("cycler==0.10.0", "filelock==3.0.4", "pkg-resources==0.0.0", "six==1.11.0"),
        "import filelock", bare=_PKG_RESOURCES, numpy=_PKG_RESOURCES, torch=_PKG_RESOURCES,
    ),
    PublicList(
        "ageitgey/face_recognition", "requirements.txt",
        ("Click>=6.0", "numpy", "Pillow", "scipy>=0.17.0", "skimage "),
        "import skimage", bare=_SKIMAGE, numpy=_SKIMAGE, torch=_SKIMAGE,
    ),
    PublicList(
        "deepseek-ai/DeepSeek-V3", "inference/requirements.txt",
        ("torch==2.5.1", "triton==3.0.0", "transformers==4.46.3", "safetensors==0.4.5"),
        "import torch, transformers",
        bare=refused(_CONFLICT, "the requirements exclude each other. To solve it, write torch==2.4.1 in place of "
                     "torch==2.5.1 (requirements[0])"),
        numpy=refused(_NOT_FOUND, "torch==2.5.1 has no file for Python 3.8", "Ask for another version, or take another "
                      "image"),
        torch=refused(_CONFLICT, "the image has torch==2.1.0a0+32f93b1, which is kept as it is, and requirements[0] is "
                      "torch==2.5.1: write torch, or take an image with the version that you need",
                      "requirements[1] is triton==3.0.0: write triton"),
    ),
    PublicList(
        "BoundaryML/berkeley-gorilla", "inference/requirements.txt",
        ("transformers==4.38.0", "huggingface-hub==0.14.1", "tqdm==4.65.0", "prompt_toolkit==3.0.38", "einops==0.7.0"),
        "import transformers", bare=_HUB, numpy=_HUB, torch=_HUB,
    ),
    PublicList(
        "AlainFidahoussen/IFT6758-A2022-G08-Docker", "serving/requirements.txt",
        ("pandas==1.5.0", "setuptools", "requests==2.28.1", "Flask==2.2.2", "gunicorn==20.1.0", "scikit-learn==1.1.2",
         "imbalanced-learn==0.9.1", "cloudpickle==2.2.0"),
        "import flask, pandas",
        bare=_TOO_OLD,
        numpy=refused(_CONFLICT, "requirements[0] is pandas==1.5.0: write pandas",
                      "requirements[5] is scikit-learn==1.1.2: write scikit-learn"),
        torch=_URL_QUOTE,
    ),
    PublicList(
        "IBM/MAX-Object-Detector", "requirements.txt",
        ("tensorflow==2.6.4", "Pillow==8.3.2", "google==2.0.2"),
        "import tensorflow",
        bare=refused(_NOT_FOUND, "tensorflow==2.6.4 has no file for Python 3.12", "take another image"),
        numpy=refused(_CONFLICT, f"{_HEAVY}, and requirements[0] (tensorflow==2.6.4) -> numpy leads to numpy==1.19.5",
                      "To solve it, write tensorflow==2.11.1 in place of tensorflow==2.6.4 (requirements[0])"),
        torch=refused(_NOT_FOUND, "tensorflow==2.6.4 has no file for Python 3.10", "take another image"),
    ),
    PublicList(
        "gradio-app/gradio", "requirements.txt",
        ("aiofiles>=22.0,<24.0", "fastapi", "httpx>=0.24.1", "markupsafe~=2.0", "numpy~=1.0", "orjson~=3.0",
         "python-multipart>=0.0.9  # required for fastapi forms", "uvicorn>=0.14.0; sys.platform != 'emscripten'"),
        "import fastapi, numpy, orjson, uvicorn", bare=INSTALLED, numpy=INSTALLED, torch=INSTALLED,
    ),
    PublicList(
        "GoogleCloudPlatform/python-docs-samples", "run/image-processing/requirements.txt",
        ("Flask==2.0.2", 'pytest==7.0.1; python_version > "3.0"', "# pin pytest to 4.6.11 for Python2.",
         'pytest==7.0.1; python_version < "3.0"', "gunicorn==20.1.0", "Wand==0.6.7"),
        "import flask", bare=_URL_QUOTE, numpy=_URL_QUOTE, torch=_URL_QUOTE,
    ),
    PublicList(
        "mozilla/bugbug", "http_service/requirements.txt",
        ("apispec[yaml]==6.8.1", "cerberus==1.3.7", "Flask==3.1.0", "flask-cors==5.0.1", "gunicorn==23.0.0",
         "marshmallow==3.26.1", "requests==2.32.3", "rq==2.3.2"),
        "import cerberus, flask, rq",
        bare=INSTALLED,
        numpy=refused(_NOT_FOUND, "apispec[yaml]==6.8.1 needs Python >=3.9, the image has 3.8", "ask for a version "
                      "that still supports it, or take an image with such a Python"),
        torch=INSTALLED,
    ),
    PublicList(
        "coqui-ai/TTS", "requirements.txt",
        ('numpy==1.22.0;python_version<="3.10"', 'numpy==1.24.3;python_version>"3.10"', "inflect==5.6.0", "anyascii",
         "fsspec>=2021.04.0", "flask", "jieba"),
        "import flask, jieba",
        bare=refused(_FAILED, "Failed to build `numpy==1.24.3`", "No module named 'distutils'",
                     advice=("build-for-older-python",)),
        numpy=refused(_CONFLICT, f'{_HEAVY}, and requirements[0] is numpy==1.22.0;python_version<="3.10": write numpy'),
        torch=refused(_CONFLICT, f'{_NUMPY}, and requirements[0] is numpy==1.22.0;python_version<="3.10": write numpy'),
    ),
    PublicList(
        "salesforce/BLIP", "requirements.txt", ("timm==0.4.12", "fastapi", "uvicorn"),
        "import fastapi, torch", bare=INSTALLED, numpy=INSTALLED, torch=INSTALLED,
        extra=(("torch", "2.4.1"), ("torchvision", "0.19.1")),
    ),
)  # fmt: skip
