"""Public lists with lines that are no requirements: options of pip, other sources, conda's, slips of the pen."""

from __future__ import annotations

from tests.bundle_runtime.worker.install.public.row import odd

_OPTION = "options of pip are not allowed"
_INDEX = "the package index is the operator's setting (packageIndex, extraPackageIndexes): leave it out"
_GIT = "write the address of a wheel or of an archive (name @ https://...), or put a wheel at the index"
_NAME = "a path or a URL needs a name before it (name @ https://...)"
_FILE = "a file is on one machine only: write name==version"
_DASH = "it begins with a dash, as in a list of YAML: leave the dash out"

ROWS = (
    odd("tloen/alpaca-lora", "requirements.txt",
        "appdirs", "black", "black[jupyter]", "git+https://github.com/huggingface/peft.git", "transformers>=4.28.0",
        before=("requirements[3] is 'git+https://github.com/huggingface/peft.git': a direct reference must be http://",
                _GIT)),
    odd("oobabooga/text-generation-webui", "requirements.txt",
        "numpy==1.24", 'bitsandbytes==0.41.1; platform_system != "Windows"',
        "https://github.com/jllllll/bitsandbytes-windows-webui/releases/download/wheels/"
        'bitsandbytes-0.41.1-py3-none-win_amd64.whl; platform_system == "Windows"',
        "https://github.com/PanQiWei/AutoGPTQ/releases/download/v0.4.2/"
        'auto_gptq-0.4.2+cu117-cp310-cp310-linux_x86_64.whl; platform_system == "Linux"',
        before=("requirements[2] is 'https://github.com/jllllll/", _NAME)),
    odd("microsoft/MLOpsPython", "environment_setup/requirements.txt",
        "pandas==0.23.1", "numpy==1.14.5", "azureml-sdk>=1.0#.45", "python-dotenv>=0.10.3",
        before=("requirements[2] is 'azureml-sdk>=1.0#.45'", "or end, and not '#.45'"),
        install="an entry of requirements cannot be read: correct it in a new bundle"),
    odd("aws/sagemaker-scikit-learn-container", "requirements.txt",
        "boto3==1.16.4", "Flask==1.1.1", "numpy==1.19.5q", "scikit-learn==1.0.2",
        before=("requirements[2] is 'numpy==1.19.5q'", "or end, and not 'q'"),
        install="an entry of requirements cannot be read: correct it in a new bundle"),
    odd("jantic/DeOldify", "requirements.txt",
        "bleach>=2.0.0", "jupyter-console>>=5.2.0", "jupyter-core>>=4.3.0", "six>=1.11.0",
        before=("requirements[1] is 'jupyter-console>>=5.2.0': one comparison is written twice", "write >= or > once")),
    odd("vllm-project/vllm", "requirements-cpu.txt",
        "-r requirements-common.txt", "torch == 2.3.1+cpu", "triton >= 2.2.0",
        before=("requirements[0] is '-r requirements-common.txt'", "write the entries of that file here")),
    odd("pytorch/serve", "requirements/torch_cu117_linux.txt",
        "--extra-index-url https://download.pytorch.org/whl/cu117", "cython", "pillow==9.3.0",
        "torch==2.0.0+cu117; sys_platform == 'linux'",
        before=("requirements[0] is '--extra-index-url https://download.pytorch.org/whl/cu117'", _INDEX)),
    odd("NVIDIA/TensorRT", "requirements.txt",
        'onnx==1.10.2; python_version<"3.10"', "-f https://download.pytorch.org/whl/cu113/torch_stable.html",
        'torch==1.10.2+cu113; python_version<"3.10" and platform_machine=="x86_64" and sys.platform=="linux"',
        "Pillow", "--extra-index-url https://pypi.ngc.nvidia.com", "onnx-graphsurgeon",
        before=("requirements[1] is '-f https://download.pytorch.org/whl/cu113/torch_stable.html'", _INDEX)),
    odd("CompVis/latent-diffusion", "environment.yaml",
        "name: ldm", "dependencies:", "- python=3.8.5", "- cudatoolkit=11.0", "- numpy=1.19.2", "- pip:",
        "- torchmetrics==v0.6.0", "- -e git+https://github.com/openai/CLIP.git@main#egg=clip",
        before=("requirements[0] is 'name: ldm': it is a key of YAML",
                f"{_DASH}; behind it, one = is how conda writes it",
                f"requirements[6] is '- torchmetrics==v0.6.0': {_DASH}",
                f"{_DASH}; behind it, {_OPTION}: pack that code with the bundle")),
    odd("render-examples/fastai-v3", "requirements.txt",
        "numpy", "-f https://download.pytorch.org/whl/nightly/cpu/torch_nightly.html",
        "git+git://github.com/fastai/fastai.git@9835e1805d0f9609c28a3258200e2824240e3deb#egg=fastai", "starlette",
        before=("requirements[1] is '-f https://download.pytorch.org/", _INDEX, "requirements[2] is 'git+git:", _GIT)),
    odd("eckertzhang/Text2NeRF", "requirements.txt",
        "absl-py==1.2.0", "boltons @ file:///croot/boltons_1677628692245/work",
        "Brotli @ file:///tmp/abs_ecyw11_7ze/croots/recipe/brotli-split_1659616059936/work", "tqdm==4.66.1",
        before=("requirements[1] is 'boltons @ file:///croot/boltons_1677628692245/work'", _FILE)),
    odd("Stability-AI/stablediffusion", "requirements.txt",
        "einops==0.3.0", "imageio==2.9.0", "-e .",
        before=("requirements[2] is '-e .'", "pack that code with the bundle, or put a wheel of it at the index")),
)  # fmt: skip
