"""The certificates that a pod is to trust, looked at before anything is asked for: a file that is missing would leave
boto3, uv and user code each with words of its own."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from bundle_runtime.contract.layout import CERTIFICATES_VARIABLE, Layout
from bundle_runtime.contract.report import SECRET_NOT_FOUND, STORE_UNREACHABLE, fail


def check_certificates(layout: Layout, environment: Mapping[str, str] = os.environ) -> None:
    """Where the pod has a file of certificates, it is there and holds one; a RuntimeFailure says why not."""
    origin = environment.get(CERTIFICATES_VARIABLE)
    if not origin:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(layout.certificates_file)
    except FileNotFoundError as error:
        raise fail(
            SECRET_NOT_FOUND,
            f"the certificates that pods trust are not there: {origin}. Create it in the bundle's namespace, which the "
            "operator's setting caConfigMap asks for; the pod continues automatically",
        ) from error
    except ssl.SSLError as error:
        raise fail(
            STORE_UNREACHABLE,
            f"{origin} of the bundle's namespace holds no certificate in PEM form ({error.reason or error}): correct "
            "it; the pod continues automatically",
        ) from error
