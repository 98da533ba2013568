"""Tokens for Amazon MSK with IAM access control: a presigned request, signed by botocore.

The form is that of AWS's own signers: the URL of a `kafka-cluster:Connect` request to the region's `kafka` host, signed
in its query with Signature Version 4, as unpadded base64url (Amazon MSK Developer Guide, "IAM access control").
"""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from botocore.session import Session

TOKEN_SECONDS: Final = 900
"""How long a token is good; librdkafka asks for another after four fifths of it."""

_REGION: Final = re.compile(r"\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::|,|$)")

TokenSource = Callable[[str], tuple[str, float]]
"""librdkafka's callback: takes `sasl.oauthbearer.config`, gives a token and when it expires, in epoch seconds."""


class NoCredentials(Exception):
    """There are no AWS credentials to sign with, or they could not be fetched."""


def token_source(bootstrap_servers: str, ca_bundle: bool | str) -> TokenSource:
    """Signs tokens with the credentials of the process, fetched and refreshed by botocore's usual rules.

    The region is the one in the brokers' names, else the configured one. Raises `LookupError` where there is none,
    `ImportError` where botocore is not installed.
    """
    from botocore.session import Session

    session = Session()
    if isinstance(ca_bundle, str):
        session.set_config_variable("ca_bundle", ca_bundle)
    found = _REGION.search(bootstrap_servers)
    # botocore itself reads AWS_DEFAULT_REGION only; Lambda sets AWS_REGION.
    region = found[1] if found else os.environ.get("AWS_REGION") or session.get_config_variable("region")
    if not region:
        raise LookupError("no AWS region is known: the brokers' names hold none and AWS_REGION is not set")

    def token(_: str) -> tuple[str, float]:
        return _sign(session, str(region))

    return token


def _sign(session: Session, region: str) -> tuple[str, float]:
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    try:
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentials("there are no AWS credentials")
        host = f"kafka.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
        request = AWSRequest("GET", f"https://{host}/", params={"Action": "kafka-cluster:Connect"})
        signer = SigV4QueryAuth(credentials.get_frozen_credentials(), "kafka-cluster", region, expires=TOKEN_SECONDS)
        signed_at = time.time()
        signer.add_auth(request)
        url = f"{request.url}&User-Agent=eventgate"
    except NoCredentials:
        raise
    except Exception:  # librdkafka puts the text into its log: no account, role or address may be in it
        raise NoCredentials("the AWS credentials could not be fetched") from None
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("="), signed_at + TOKEN_SECONDS
