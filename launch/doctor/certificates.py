"""What is in a file of certificates, as a pod would read it."""

from __future__ import annotations

import ssl
from typing import Any

from launch.doctor.facts import Certificates


def certificates_in(pem: str, now: float) -> Certificates:
    """How many there are, which authorities among them are out of date at `now`, and why none can be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=without_comments(pem))
    except (ssl.SSLError, ValueError) as error:
        return Certificates(failed=f"no certificate in it can be read: {error}")
    expired = [
        _name(found)
        for found in context.get_ca_certs()
        if ssl.cert_time_to_seconds(str(found["notAfter"])) < now
    ]  # fmt: skip
    return Certificates(number=context.cert_store_stats()["x509"], expired=expired)


def without_comments(pem: str) -> str:
    """What ssl takes: comments may be in any letters, and it takes ASCII alone."""
    return pem.encode("ascii", "ignore").decode()


def _name(certificate: Any) -> str:
    """Its common name, or the last part of whom it is of."""
    parts = dict(pair for part in certificate["subject"] for pair in part)
    return str(parts.get("commonName") or next(reversed(list(parts.values())), "one without a name"))
