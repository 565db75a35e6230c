"""How large a request may be, and how much memory the server needs for that: sums that operator and server share."""

MIB = 1024 * 1024
DEFAULT_REQUEST_BYTES = 64 * MIB
# a quarter of the server's memory is its own, and a text that is one string of wide characters takes nine times itself
# while it is checked and sent on: twelve times the largest request leave room for others beside it
MEMORY_FACTOR = 16


def server_memory(max_request_bytes: int) -> int:
    """Bytes that the server's container may use, unless its user says otherwise."""
    return MEMORY_FACTOR * max(max_request_bytes, DEFAULT_REQUEST_BYTES)
