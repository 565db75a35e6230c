"""MLServer: a custom runtime for each function, with its codecs, as its documentation has it."""

from collections.abc import AsyncIterator

import functions
import numpy
from mlserver import MLModel
from mlserver.codecs import Base64Codec, NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class Seed(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        x, y = payload.inputs
        result = functions.predict(int(NumpyCodec.decode_input(x)[0]), StringCodec.decode_input(y)[0])
        return self.answer(NumpyCodec.encode_output("output", numpy.array([result])))

    def answer(self, output: ResponseOutput) -> InferenceResponse:
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])


class Largest(Seed):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        result = functions.largest(NumpyCodec.decode_input(payload.inputs[0]))
        return self.answer(NumpyCodec.encode_output("output", numpy.array([result])))


class Series(Seed):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        result = functions.series_array(int(NumpyCodec.decode_input(payload.inputs[0])[0]))
        return self.answer(NumpyCodec.encode_output("output", result))


class Brightest(Seed):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        content = Base64Codec.decode_input(payload.inputs[0])[0]
        result = functions.brightest(numpy.frombuffer(content, numpy.uint8).reshape(224, 224, 3))
        return self.answer(NumpyCodec.encode_output("output", numpy.array([result])))


class Tokens(Seed):
    async def predict_stream(self, payloads: AsyncIterator[InferenceRequest]) -> AsyncIterator[InferenceResponse]:
        async for payload in payloads:
            for token in functions.tokens(int(NumpyCodec.decode_input(payload.inputs[0])[0])):
                yield self.answer(StringCodec.encode_output("output", [token]))


class HoldPython(Seed):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        result = functions.hold_python(float(NumpyCodec.decode_input(payload.inputs[0])[0]))
        return self.answer(NumpyCodec.encode_output("output", numpy.array([result])))


class HoldC(Seed):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        result = functions.hold_c(int(NumpyCodec.decode_input(payload.inputs[0])[0]))
        return self.answer(NumpyCodec.encode_output("output", numpy.array([result])))
