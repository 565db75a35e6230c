"""The examples at the end of each command's --help."""

from __future__ import annotations

from typing import Dict, Tuple

EXAMPLES: Dict[str, Tuple[str, ...]] = {
    "create": (
        "modelbundle create sentiment my_model.py --predict-fn predict --image python:3.12-slim",
        "modelbundle create sentiment code/ --load-predict-fn predict.load --load-model-fn model.load "
        "--pytorch-image-tag 2.3.1-cuda12.1-cudnn8-runtime",
    ),
    "render": (
        "modelbundle render sentiment my_model.py --predict-fn predict --image python:3.12-slim --gpus 0 "
        "--artifact-uri s3://models/sentiment --upload > bundle.yaml",
    ),
    "list": ("modelbundle list", "modelbundle list --mine -o wide"),
    "get": ("modelbundle get sentiment", "modelbundle get sentiment -o yaml"),
    "describe": ("modelbundle describe sentiment",),
    "deploy": ("modelbundle deploy sentiment --replicas 2 --gpus 0 --cpus 2 --memory 4Gi",),
    "logs": ("modelbundle logs sentiment", "modelbundle logs sentiment -c server --follow"),
    "delete": ("modelbundle delete sentiment --yes",),
    "serve": ("modelbundle serve my_model.py --reload", "modelbundle serve bundle.yaml --port 0 --env HF_TOKEN"),
    "predict": (
        """modelbundle predict sentiment '{"text": "good"}'""",
        "modelbundle predict --url http://127.0.0.1:8080 @request.json",
    ),
    "pin": ("modelbundle pin s3://models/sentiment.pkl -o yaml",),
    "wait": ("modelbundle wait sentiment --timeout 10m", "modelbundle wait sentiment --for Available"),
    "digest": ("modelbundle digest bundle.yaml", "modelbundle digest sentiment --explain"),
    "clone": ("modelbundle clone sentiment --name sentiment-loud --set appConfig.mode=loud",),
    "tree": ("modelbundle tree", "modelbundle tree sentiment"),
    "diff": ("modelbundle diff sentiment sentiment-loud", "modelbundle diff bundle.yaml sentiment"),
    "blame": ("modelbundle blame sentiment-loud appConfig.mode",),
    "flatten": ("modelbundle flatten sentiment-loud --name sentiment-v2 > bundle.yaml",),
    "lock": ("modelbundle lock bundle.yaml --from sentiment > locked.yaml",),
    "check": ("modelbundle check bundle.yaml", "helm template . | modelbundle check -"),
    "doctor": ("modelbundle doctor", "modelbundle doctor -n team-a --only store"),
    "completion": (
        """eval "$(modelbundle completion bash)"    # in ~/.bashrc""",
        "modelbundle completion fish > ~/.config/fish/completions/modelbundle.fish",
    ),
    "init": ("modelbundle init my-model",),
    "uninstall": ("modelbundle uninstall --dry-run", "modelbundle uninstall --yes"),
    "plan": ("modelbundle plan bundle.yaml -n team-a", "modelbundle plan sentiment -o json"),
    "ui": ("modelbundle ui", "modelbundle ui -n team-a --port 8090 --allow-write"),
    "import": (
        "modelbundle import mlflow iris-model --artifact-uri s3://models --upload > bundle.yaml",
        "modelbundle import mlflow iris-model --name iris --create",
    ),
}


def epilog(name: str) -> str:
    """The end of the help page; \\b keeps click from joining its lines."""
    lines = EXAMPLES.get(name, ())
    return "\b\n" + "\n".join([f"Example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)]) if lines else ""
