"""From rows of four measurements to rows of three probabilities."""

import numpy


def load_predict_fn(session):
    def predict(measurements):
        rows = numpy.asarray(measurements, dtype=numpy.float32)
        (probabilities,) = session.run(["probabilities"], {"measurements": rows})
        return probabilities

    return predict
