"""A function that waits for something else most of the time, so one process answers hundreds of requests at once."""

import asyncio


async def predict(seconds: float, text: str) -> str:
    """Stands for one that awaits a database, another model, or an engine with batches of its own."""
    await asyncio.sleep(seconds)
    return text.upper()
