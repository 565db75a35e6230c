"""How large a request may be, and how much memory the server needs for that: sums that operator and server share."""

MIB = 1024 * 1024
DEFAULT_REQUEST_BYTES = 64 * MIB
# three eighths of the server's memory are its own, and a text that is one string of wide characters takes nine times
# itself while it is checked and sent on: ten times the largest request leave room for small ones beside it
MEMORY_FACTOR = 16


def server_memory(max_request_bytes: int) -> int:
    """Bytes that the server's container may use, unless its user says otherwise."""
    return MEMORY_FACTOR * max(max_request_bytes, DEFAULT_REQUEST_BYTES)
