"""`python examples/async_client/client.py URL NUMBER` asks NUMBER requests, 64 at a time."""

import asyncio
import sys

import httpx

AT_ONCE = 64


async def asked(url, rows):
    """The predictions, in the order of the rows; httpx.HTTPStatusError for the first that fails."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:

        async def ask(row):
            answer = await client.post("/predict", json=row)
            answer.raise_for_status()
            return answer.json()

        return await asyncio.gather(*map(ask, rows))


if __name__ == "__main__":
    url, number = sys.argv[1], int(sys.argv[2])
    rows = [{"seconds": 0.05, "text": f"request {index}"} for index in range(number)]
    for text in asyncio.run(asked(url, rows)):
        print(text)
