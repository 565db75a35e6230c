"""A function and a model, as a notebook would hold them: the smallest bundle there is."""


def my_load_predict_fn(model):
    def returns_model_of_x_plus_len_of_y(x: int, y: str) -> int:
        """MyRequestSchema -> MyResponseSchema"""
        assert isinstance(x, int) and isinstance(y, str)  # noqa: PT018
        return model(x) + len(y)

    return returns_model_of_x_plus_len_of_y


def my_model(x):
    return x * 2


BUNDLE = {"model": my_model, "load_predict_fn": my_load_predict_fn}
