"""What the operator's settings say of the artifact store, as prepare finds it. The artifact Secret's keys go before."""

from __future__ import annotations

STORE_STYLE = "MODELBUNDLE_S3_ADDRESSING_STYLE"
STORE_REGION = "MODELBUNDLE_S3_REGION"
STORE_SIGNATURE = "MODELBUNDLE_S3_SIGNATURE_VERSION"
