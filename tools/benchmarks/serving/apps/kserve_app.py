"""KServe's Python server: a custom predictor for each function.

V1 where its documentation's custom predictor has it, the Open Inference Protocol for tensors.
"""

import sys

import functions
import numpy
from kserve import InferOutput, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid


class V1(Model):
    """`{"instances": [fields]}` to `{"predictions": [result]}`."""

    def __init__(self, name):
        super().__init__(name)
        self.function = getattr(functions, name)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        return {"predictions": [self.function(**fields) for fields in payload["instances"]]}


class Tensor(V1):
    """One tensor in, one out."""

    def predict(self, payload, headers=None, response_headers=None):
        result = numpy.array(self.function(self.argument(payload.inputs[0].as_numpy()))).reshape(-1)
        output = InferOutput(name="output", shape=list(result.shape), datatype=self.datatype)
        output.set_data_from_numpy(result, binary_data=False)
        return InferResponse(response_id=payload.id or generate_uuid(), model_name=self.name, infer_outputs=[output])


class Largest(Tensor):
    datatype = "FP64"

    def argument(self, array):
        return array


class Series(Tensor):
    datatype = "FP64"

    def __init__(self, name):
        super().__init__(name)
        self.function = functions.series_array

    def argument(self, array):
        return int(array[0])


class Brightest(Tensor):
    datatype = "INT64"

    def argument(self, array):
        return array


class Tokens(V1):
    async def predict(self, payload, headers=None, response_headers=None):
        async def events():
            for token in self.function(**payload["instances"][0]):
                yield functions.sse(token)

        return events()


MODELS = {"largest": Largest, "series": Series, "brightest": Brightest, "tokens": Tokens}

if __name__ == "__main__":
    models = [MODELS.get(name, V1)(name) for name in sys.argv[2:]]
    ModelServer(http_port=int(sys.argv[1]), enable_grpc=False).start(models)
