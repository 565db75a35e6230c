"""A function and a model, as a notebook would hold them: the smallest bundle there is."""


def my_load_predict_fn(model):
    def returns_model_of_x_plus_len_of_y(x: int, y: str) -> int:
        """MyRequestSchema -> MyResponseSchema"""
        return model(int(x)) + len(y)  # to JSON Schema 1.0 is an integer too

    return returns_model_of_x_plus_len_of_y


def my_model(x):
    return x * 2


BUNDLE = {"model": my_model, "load_predict_fn": my_load_predict_fn}
