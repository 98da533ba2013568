"""How servers prove themselves to the gate: the setting `ssl_ca_bundle` as a TLS context."""

from __future__ import annotations

import ssl
from pathlib import Path


def tls_context(ca_bundle: bool | str) -> ssl.SSLContext:
    """By the system's authorities (true), by those of a PEM file or of a directory that OpenSSL understands, or not at
    all (false). Raises `OSError` or `ValueError` for a bundle that cannot be read.
    """
    if isinstance(ca_bundle, bool):
        context = ssl.create_default_context()
        if not ca_bundle:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
    if Path(ca_bundle).is_dir():
        return ssl.create_default_context(capath=ca_bundle)
    return ssl.create_default_context(cafile=ca_bundle)
