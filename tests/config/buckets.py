"""A bucket for the tests of this folder."""

from __future__ import annotations

import json

import pytest

from tests.aws.environment import use_credentials
from tests.services.aws import REGION, Aws

BUCKET = "bucket-of-secret-name"


class Bucket:
    """A bucket, empty at first."""

    def __init__(self, aws: Aws) -> None:
        aws.reset()
        self._s3 = aws.client("s3")
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put(self, **files: object) -> None:
        """Write `files` (bytes, or documents as JSON); `__` in a name stands for a slash."""
        for name, content in files.items():
            self.write(f"{name.replace('__', '/')}.json", content)

    def write(self, key: str, content: object) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def remove(self, key: str) -> None:
        self._s3.delete_object(Bucket=BUCKET, Key=key)


def bucket_in(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket in `aws`, which this process's clients are led to."""
    use_credentials(monkeypatch, AWS_ENDPOINT_URL=aws.endpoint_url)
    return Bucket(aws)
