"""Spans on their way to a collector (OTLP/HTTP), whatever it does with them."""

from __future__ import annotations

import logging
import os
import ssl
import warnings
from collections.abc import Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning

from eventgate.net.tls import tls_context

CERTIFICATES: Final = ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE")
"""What proves the collector, where it is not what proves all servers."""

log = logging.getLogger("eventgate.traces")


class Exporter(SpanExporter):
    """Sends spans to the collector that the environment names; tells once when that fails, and when it works again.

    `ca_bundle` is the gate's `ssl_ca_bundle`. `failing`: the last spans were not taken. Spans that are not taken within
    OpenTelemetry's time (`OTEL_EXPORTER_OTLP_TIMEOUT`) are gone.
    """

    def __init__(self) -> None:
        self.ca_bundle: bool | str = True
        self.failing = False
        self._own = next((path for name in CERTIFICATES if (path := os.environ.get(name))), None)
        self._contexts: dict[bool | str, ssl.SSLContext] = {}
        self._client = OTLPSpanExporter(session=_Session(_Adapter(self)))

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`; never raises. Blocks: for the thread that is there for it."""
        try:
            result = self._client.export(spans)
        except Exception:  # what it may say would name the collector
            result = SpanExportResult.FAILURE
        self._note(result is not SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        """Try nothing again, and let go of connections."""
        self._client.shutdown()  # type: ignore[no-untyped-call]

    def trust(self) -> ssl.SSLContext:
        """How the collector has to prove itself; raises `OSError` or `ValueError`."""
        bundle = self._own or self.ca_bundle
        if bundle not in self._contexts:
            if bundle is False:  # the operator knows
                warnings.filterwarnings("ignore", category=InsecureRequestWarning)
            self._contexts[bundle] = tls_context(bundle)
        return self._contexts[bundle]

    def _note(self, failing: bool) -> None:
        if failing and not self.failing:
            log.warning("the collector does not take traces; what it does not take in time is dropped")
        elif self.failing and not failing:
            log.info("the collector takes traces again")
        self.failing = failing


class _Adapter(HTTPAdapter):
    """Connections that trust what the gate trusts: by itself, the library brings authorities of its own."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        super().__init__()

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: str | tuple[str, str] | None = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        own: dict[str, object] = {name: value for name, value in pool.items() if name in ("cert_file", "key_file")}
        if host["scheme"] == "https":
            context = self._exporter.trust()
            own |= {"ssl_context": context, "cert_reqs": context.verify_mode.name}
        return host, own

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """It is all in the connections' context."""


class _Session(requests.Session):
    """Sends, and reads of an answer no more than its head: a collector has nothing to tell, and may have no end."""

    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().request(*args, **{**kwargs, "stream": True})
        response.close()
        return response
