"""A certificate authority that no image trusts, and a server's certificate by it: for stores and indexes of a test."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterable
from pathlib import Path

_OF_THE_SERVER = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=IP:127.0.0.1,DNS:localhost%s
authorityKeyIdentifier=keyid
subjectKeyIdentifier=hash
"""


class PrivateAuthority:
    """``file`` is its certificate; ``certificate`` and ``key`` are those of a server at 127.0.0.1, localhost and
    ``names``, which may be addresses."""

    def __init__(self, directory: Path, names: Iterable[str] = ()) -> None:
        self.file = directory / "authority.crt"
        self.certificate, self.key = directory / "server.crt", directory / "server.key"
        own_key, request, extensions = directory / "authority.key", directory / "server.csr", directory / "extensions"
        others = "".join(f",{'IP' if name.replace('.', '').isdigit() else 'DNS'}:{name}" for name in names)
        extensions.write_text(_OF_THE_SERVER % others)
        _openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", own_key, "-out", self.file, "-subj", "/CN=a private authority",
            "-days", "2", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        _openssl("req", *_NEW_KEY, "-keyout", self.key, "-out", request, "-subj", "/CN=a server")
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", own_key, "-CAcreateserial",
            "-out", self.certificate, "-days", "2", "-extfile", extensions,
        )  # fmt: skip

    def of_a_server(self) -> ssl.SSLContext:
        """For a server's sockets."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
