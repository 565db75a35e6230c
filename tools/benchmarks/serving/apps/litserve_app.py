"""LitServe: a LitAPI for each function, several on one port as its documentation has it."""

import base64
import sys

import functions
import litserve as ls
import numpy


class Seed(ls.LitAPI):
    def setup(self, device):
        self.function = functions.predict

    def decode_request(self, request):
        return request

    def predict(self, fields):
        return self.function(**fields)

    def encode_response(self, output):
        return {"output": output}


class Largest(Seed):
    def setup(self, device):
        self.function = functions.largest


class Series(Seed):
    def setup(self, device):
        self.function = functions.series


class HoldPython(Seed):
    def setup(self, device):
        self.function = functions.hold_python


class HoldC(Seed):
    def setup(self, device):
        self.function = functions.hold_c


class Brightest(Seed):
    def setup(self, device):
        self.function = functions.brightest

    def decode_request(self, request):
        content = base64.b64decode(request["image"])
        return {"image": numpy.frombuffer(content, numpy.uint8).reshape(224, 224, 3)}


class Tokens(ls.LitAPI):
    def setup(self, device):
        self.function = functions.tokens

    def decode_request(self, request):
        return request["n"]

    def predict(self, n):
        yield from self.function(n)

    def encode_response(self, outputs):
        for output in outputs:
            yield functions.sse(output)


class Ask(ls.LitAPI):
    def setup(self, device):
        import asking  # for this row alone

        self.function = asking.ask

    async def decode_request(self, request):
        return request

    async def predict(self, fields):
        return await self.function(**fields)

    async def encode_response(self, output):
        return {"output": output}


APIS = {
    "predict": (Seed, {}),
    "largest": (Largest, {}),
    "series": (Series, {}),
    "brightest": (Brightest, {}),
    "tokens": (Tokens, {"stream": True}),
    "ask": (Ask, {"enable_async": True}),
    "hold_python": (HoldPython, {}),
    "hold_c": (HoldC, {}),
}

if __name__ == "__main__":
    apis = [APIS[name][0](api_path=f"/{name}", **APIS[name][1]) for name in sys.argv[2:]]
    ls.LitServer(apis if len(apis) > 1 else apis[0]).run(port=int(sys.argv[1]), generate_client_file=False)
