"""The model: a transformer of random weights that puts a class to 64 tokens. Served, and called directly beside it.

Runs on the GPU where torch finds one, else on one thread of the processor. It keeps the time that the device was busy.
"""

from __future__ import annotations

import time

import torch

SIZES = {"small": (128, 2), "large": (512, 6)}  # width, layers
TOKENS, VOCABULARY, CLASSES = 64, 1000, 10
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Classifier:
    def __init__(self, size: str) -> None:
        torch.manual_seed(0)
        torch.set_num_threads(1)
        width, layers = SIZES[size]
        layer = torch.nn.TransformerEncoderLayer(width, nhead=8, batch_first=True)
        self._embed = torch.nn.Embedding(VOCABULARY, width).to(DEVICE).eval()
        self._encode = torch.nn.TransformerEncoder(layer, layers, enable_nested_tensor=False).to(DEVICE).eval()
        self._classify = torch.nn.Linear(width, CLASSES).to(DEVICE).eval()
        self.busy_seconds = 0.0

    def classes(self, rows: list[list[int]]) -> list[int]:
        with torch.inference_mode():
            tokens = torch.tensor(rows, device=DEVICE)
            started = _mark()
            scores = self._classify(self._encode(self._embed(tokens)).mean(dim=1))
            ended = _mark()
            found: list[int] = scores.argmax(dim=1).tolist()  # waits for the GPU
            self.busy_seconds += _between(started, ended)
            return found


def _mark() -> torch.cuda.Event | float:
    if DEVICE == "cpu":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _between(started: torch.cuda.Event | float, ended: torch.cuda.Event | float) -> float:
    if isinstance(started, float):
        return ended - started
    return started.elapsed_time(ended) / 1000  # type: ignore[no-any-return]


def device() -> str:
    return torch.cuda.get_device_name() if DEVICE == "cuda" else "one thread of the processor, no GPU"
