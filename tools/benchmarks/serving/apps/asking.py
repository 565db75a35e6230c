"""An asynchronous function as services have them: each request asks another service, by one client, within one
Semaphore. Every server serves this file as it is.
"""

import asyncio
import os

import aiohttp

LIMIT = 100
gate = asyncio.Semaphore(LIMIT)
session = None


async def ask(x: int, y: str) -> int:
    global session
    if session is None:  # a client belongs to the loop that runs
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=LIMIT))
    async with gate, session.post(os.environ["BACKEND"], json={"x": x, "y": y}) as response:
        response.raise_for_status()
        return await response.json()
