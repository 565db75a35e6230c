"""Which text is kept of which function."""

from __future__ import annotations

import functools

from launch.packing.pickles.source_text import source_texts


def load_predict_fn(model):
    return model


class Predictor:
    def __call__(self, x):
        return x


def test_functions_classes_and_objects_have_their_text():
    texts = source_texts(
        load_predict_fn=functools.partial(load_predict_fn, model=1),
        load_model_fn=Predictor,
        predict_fn_or_cls=Predictor(),
    )
    assert texts["load_predict_fn"] == "def load_predict_fn(model):\n    return model\n"
    assert texts["load_model_fn"] == texts["predict_fn_or_cls"]
    assert texts["load_model_fn"].startswith("class Predictor:\n    def __call__")


def test_the_text_of_an_inner_function_begins_at_the_margin():
    def inner():
        return 1

    assert source_texts(load_model_fn=inner) == {"load_model_fn": "def inner():\n    return 1\n"}


def test_what_has_no_text_is_left_out():
    names: dict = {}
    exec("def typed_at_a_prompt(): pass\nclass Typed: pass", names)
    found = source_texts(a=None, b=lambda x: x, c=names["typed_at_a_prompt"], d=len, e=names["Typed"]())
    assert found == {}
