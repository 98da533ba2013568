"""What a package holds, and what is left out of it: the one place where that is decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Final

from eventgate.writers.registry import BUILT_IN

COMMON: Final = ("backports-zstd", "cffi", "cryptography", "jsonschema-rs", "msgspec", "pyjwt", "urllib3")
"""Distributions that every gate needs. cffi needs pycparser only to compile, so that one stays behind."""
AWS_CLIENT: Final = ("botocore", "jmespath", "python-dateutil", "six")
"""Lambda's runtime brings these too, at a version that changes under a function; ours is the one that was tested."""
TRACES: Final = (
    "certifi",
    "charset-normalizer",
    "googleapis-common-protos",
    "idna",
    "opentelemetry-api",
    "opentelemetry-exporter-http-transport",
    "opentelemetry-exporter-otlp-common",
    "opentelemetry-exporter-otlp-proto-common",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-proto",
    "opentelemetry-sdk",
    "opentelemetry-semantic-conventions",
    "protobuf",
    "requests",
    "typing-extensions",
)
"""What OpenTelemetry's exporter needs."""
LIBRARIES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(BUILT_IN, ()),
    "aws": AWS_CLIENT,
    "eventbridge": AWS_CLIENT,
    "kafka": ("confluent-kafka",),
    "otel": TRACES,
    "postgres": ("asyncpg",),
}
"""What each choice needs beyond COMMON. Two are no writers: `aws`, for S3, Secrets Manager and IAM without EventBridge,
and `otel`, for traces."""

AWS_SERVICES: Final = ("events", "s3", "secretsmanager", "sqs", "sts")
"""Whose models the gate loads; botocore brings over 400. Credentials of a role may come from STS."""

_NEVER: Final = (
    "*.c",
    "*.h",
    "*.pxd",
    "*.pxi",
    "*.pyi",
    "*.pyx",
    "*/py.typed",
    "__pycache__/*",
    "*/__pycache__/*",
    "bin/*",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "asyncpg/_testbase/*",
    "botocore/cacert.pem",
    "confluent_kafka/kafkatest/*",
    "botocore/data/*/*/examples-1.json",
)
"""Sources of extension modules, type stubs, tests, certificates that a gate never reads, and pip's own notes."""
_ROOMS_LEFT_OUT: Final = ("cli", "dev", "package", "server", "testing")
"""Rooms of the gate that a function does not use; they need libraries that are not there."""


def distributions(writers: Iterable[str]) -> tuple[str, ...]:
    """The names of all distributions that a gate with `writers` needs, sorted; raises `KeyError` for no such writer."""
    return tuple(sorted({*COMMON, *(name for writer in writers for name in LIBRARIES[writer])}))


def is_library_file_wanted(path: str) -> bool:
    """Whether the file at `path` of an installed distribution (relative, `/` between its parts) is packed."""
    parts = PurePosixPath(path).parts
    if parts[:2] == ("botocore", "data") and len(parts) > 3:
        return parts[2] in AWS_SERVICES and not fnmatch(path, "*/examples-1.json")
    return not any(fnmatch(path, pattern) for pattern in _NEVER)


def is_own_file_wanted(path: str) -> bool:
    """Whether the file at `path` of the package `eventgate` is packed; what is compiled there is for this machine."""
    parts = PurePosixPath(path).parts
    if parts[0] in _ROOMS_LEFT_OUT or "__pycache__" in parts or parts[-1] == "py.typed":
        return False
    return PurePosixPath(path).suffix not in (".so", ".pyd")
