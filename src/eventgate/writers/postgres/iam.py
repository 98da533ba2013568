"""Passwords for RDS out of AWS credentials (Amazon RDS User Guide, "IAM database authentication")."""

from __future__ import annotations

import functools
import os
from typing import Any

TOKEN_SECONDS = 900
"""How long a token opens connections; those that are open stay so."""


def auth_token(host: str, port: int, user: str, region: str | None) -> str:
    """A password for `user`. May wait for the machine's credentials: not for the event loop.

    Raises `PermissionError` with nothing in it where there are no credentials or no region.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.model import ServiceId
    from botocore.signers import RequestSigner

    session = _session()
    region = region or session.get_config_variable("region") or os.environ.get("AWS_REGION")
    credentials = session.get_credentials()
    if credentials is None or not region:
        raise PermissionError
    request = {
        "method": "GET",
        "url": f"https://{host}:{port}/?Action=connect&DBUser={_quoted(user)}",
        "body": {},
        "headers": {},
        "context": {},
    }
    signer = RequestSigner(
        ServiceId("RDS"), region, "rds-db", "v4", credentials, session.get_component("event_emitter")
    )
    try:
        url = signer.generate_presigned_url(
            request, operation_name="connect", region_name=region, expires_in=TOKEN_SECONDS, signing_name="rds-db"
        )
    except BotoCoreError:
        raise PermissionError from None
    return str(url).removeprefix("https://")


def _quoted(user: str) -> str:
    from urllib.parse import quote

    return quote(user, safe="")


@functools.cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()
