"""A text that is written word by word, and read while it is written: a Markov chain of pairs of words."""

import itertools
import random
from collections.abc import Iterator

TEXT = """
the model answers the request and the request waits for the model while the pod waits for the node and the node has
the image of the model that the bundle names so the bundle is what the pod runs and the pod is what answers
"""


def chain(words):
    """The words that have followed each word."""
    following = {}
    for word, after in itertools.pairwise(words):
        following.setdefault(word, []).append(after)
    return following


FOLLOWING = chain(TEXT.split())


def predict(start: str = "the", words: int = 12, seed: int = 0) -> Iterator[str]:
    """Yields one word after the other, and ends where none has followed."""
    choice = random.Random(seed)
    word = start
    for _ in range(words):
        yield word
        if word not in FOLLOWING:
            return
        word = choice.choice(FOLLOWING[word])
