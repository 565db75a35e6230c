"""Puts artifacts into the artifact store, and reads and removes what is there, from this machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tools.testkit.place import Place

BUCKET = "models"


@dataclass(frozen=True)
class Store:
    place: Place
    bucket: str = BUCKET

    @cached_property
    def _s3(self) -> Any:
        client = boto3.client(
            "s3",
            endpoint_url=self.place.s3_endpoint,
            aws_access_key_id=self.place.access_key,
            aws_secret_access_key=self.place.secret_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 5}),
        )
        if self.bucket not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=self.bucket)
        return client

    def make_bucket(self) -> None:
        """It is there afterwards; the published store must not be found missing by the first client."""
        _ = self._s3

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def key(self, uri: str) -> str:
        """Of an object of this bucket."""
        return uri.removeprefix(self.uri(""))

    def put(self, key: str, data: bytes) -> str:
        """The sha256 of what was put; `uri(key)` says where it is."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        return hashlib.sha256(data).hexdigest()

    def put_file(self, key: str, path: Path) -> str:
        """Likewise, of a file that may be larger than memory."""
        self._s3.upload_file(str(path), self.bucket, key)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def delete_below(self, prefix: str) -> None:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                self.delete(found["Key"])
