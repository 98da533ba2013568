"""The requests that every host must answer alike."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.batch_cases import batch_cases
from tests.parity.case import ALICE, GOOD_RUN, RITA, Case, Fields

SIGV4 = (
    b"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=00"
)

READ = (
    ("/api", 200),
    ("/token", 303),
    ("/topics", 200),
    ("/topics?limit=1&a=%2F", 200),
    ("/topics/runs", 200),
    ("/topics/RuNs", 200),
    ("/topics/%72uns", 200),
    ("/topics/stra%C3%9Fe", 200),
    ("/topics/STRA%c3%9fE", 200),
    ("/topics/nope", 404),
    ("/topics/broken", 503),
    ("/topics/runs/example", 200),
    ("/topics/RUNS/example", 200),
    ("/topics/stra%C3%9Fe/example", 200),
    ("/topics/nope/example", 404),
    ("/topics/broken/example", 503),
    ("/topics//example", 404),
    ("/topics/", 404),
    ("/topics/runs/", 404),
    ("/topics/runs/other", 404),
    ("/topics/runs/validate", 405),
    ("/topics/runs%2Fvalidate", 405),
    ("/topics/%FF", 404),
    ("/topics/100%25", 404),
    ("/topics/a%20b", 404),
    ("/topics/..%2Fruns", 404),
    ("/", 200),
    ("/assets/catalogue.css", 200),
    ("/assets/catalogue.js", 200),
    ("/assets/nope.css", 404),
    ("/assets/..%2Fpages.py", 404),
    ("/assets/", 404),
    ("/docs", 200),
    ("/docs/", 404),
    ("/assets/swagger-ui.css", 200),
    ("/assets/swagger-ui.css.gz", 404),
    ("/assets/vendored.json", 404),
    ("/console.js", 404),
    ("/stream", 404),
    ("/about", 404),
    ("/nope", 404),
    ("/Topics", 404),
    ("/prod", 404),
    ("/favicon.ico", 404),
    ("/health", 200),
    ("/livez", 200),
    ("/readyz", 200),
    ("/terminate", 405),
)
BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
BROWSED = (
    ("/", 200),
    ("/topics", 200),
    ("/topics/runs", 200),
    ("/topics/stra%C3%9Fe", 200),
    ("/topics/nope", 404),
    ("/topics/broken", 503),
    ("/health", 200),
    ("/nope", 404),
)
OTHER_METHODS = (
    ("POST", "/", 405),
    ("POST", "/assets/catalogue.css", 405),
    ("POST", "/topics", 405),
    ("POST", "/topics/runs/example", 405),
    ("POST", "/sample", 404),
    ("POST", "/livez", 405),
    ("POST", "/nope", 404),
    ("PUT", "/topics/runs", 405),
    ("PATCH", "/topics/runs", 405),
    ("DELETE", "/topics/runs", 405),
    ("DELETE", "/topics/nope", 405),
    ("DELETE", "/topics/runs/validate", 405),
    ("OPTIONS", "/topics/runs", 405),
    ("OPTIONS", "/nope", 404),
)
CREDENTIALS: tuple[tuple[str, Fields, int], ...] = (
    ("none", (), 401),
    ("authorization", ALICE, 202),
    ("scheme in lower case", (("authorization", b"bearer {alice}"),), 202),
    ("scheme in upper case", (("AUTHORIZATION", b"BEARER {alice}"),), 202),
    ("older header", (("bearer", b"{alice}"),), 202),
    ("both headers alike", (*ALICE, ("Bearer", b"{alice}")), 202),
    ("both headers, two tokens", (*ALICE, ("bearer", b"{rita}")), 401),
    ("authorization twice", (*ALICE, *RITA), 401),
    ("authorization twice alike", (*ALICE, *ALICE), 401),
    ("older header twice", (("bearer", b"{alice}"), ("bearer", b"{rita}")), 401),
    ("older header beside SigV4", (("bearer", b"{alice}"), ("Authorization", SIGV4)), 202),
    ("authorization twice, one SigV4", (*ALICE, ("Authorization", SIGV4)), 202),
    ("SigV4 alone", (("Authorization", SIGV4),), 401),
    ("no token after the scheme", (("Authorization", b"Bearer "),), 401),
    ("no token at all", (("Authorization", b"Bearer abc"),), 401),
    ("token in two words", (("Authorization", b"Bearer {alice} x"),), 401),
    ("two tokens in one header", (("Authorization", b"Bearer {alice},{rita}"),), 401),
    ("expired", (("Authorization", b"Bearer {expired}"),), 401),
    ("not yet", (("Authorization", b"Bearer {early}"),), 401),
    ("without exp", (("Authorization", b"Bearer {endless}"),), 401),
    ("too long-lived", (("Authorization", b"Bearer {long}"),), 401),
    ("foreign key", (("Authorization", b"Bearer {foreign}"),), 401),
    ("alg none", (("Authorization", b"Bearer {unsigned}"),), 401),
    ("for an audience", (("Authorization", b"Bearer {audience}"),), 401),
    ("not listed", (("Authorization", b"Bearer {bob}"),), 403),
    ("listed in other case", (("Authorization", b"Bearer {Alice}"),), 403),
)
BODIES: tuple[tuple[str, bytes | None, int], ...] = (
    ("absent", None, 400),
    ("empty", b"", 400),
    ("white space", b" \r\n", 400),
    ("truncated", b'{"a":', 400),
    ("two documents", b"{} {}", 400),
    ("NaN", b'{"a":NaN}', 400),
    ("byte order mark", b"\xef\xbb\xbf{}", 400),
    ("not UTF-8", b'{"a":"\xff"}', 400),
    ("lone surrogate", b'{"a":"\\ud800"}', 400),
    ("duplicate names", b'{"a":1,"\\u0061":2}', 400),
    ("too deep", b"[" * 65 + b"]" * 65, 400),
    ("number too large", b'{"a":1e400}', 400),
    ("wrong type", b'"text"', 400),
    ("surrounded by white space", b" {}\n", 202),
    ("array", b"[1,2]", 202),
    ("large integer", b'{"a":123456789012345678901234567890}', 202),
    ("text of all kinds", '{"ž":"é𝄞\\u0000"}'.encode(), 202),
    ("as large as may be", b'{"a":"' + b"x" * (65536 - 8) + b'"}', 202),
    ("a byte too large", b'{"a":"' + b"x" * (65536 - 7) + b'"}', 413),
    ("far too large", b"x" * 3_000_000, 413),
)
MEDIA = (
    ("application/json", 202),
    ("Application/JSON; charset=UTF-8", 202),
    ("application/json;charset=utf8", 202),
    ("application/vnd.example+json", 202),
    ("text/plain", 202),
    ("application/x-www-form-urlencoded", 202),
    ("application/octet-stream", 202),
    ("application/json; charset=latin-1", 415),
    ("text/xml", 415),
    ("nonsense", 415),
    ("application/x-ndjson", 202),
    ("application/x-ndjson; charset=latin-1", 415),
    ("application/cloudevents+json", 400),
    ("application/cloudevents-batch+json", 400),
)
BINARY: Fields = (("ce-specversion", b"1.0"), ("ce-source", b"/s"), ("ce-type", b"t"))
FREE_HEADERS: tuple[tuple[str, Fields, int], ...] = (
    ("idempotency key", (("Idempotency-Key", b"k-1"),), 202),
    ("idempotency key beyond ASCII", (("Idempotency-Key", "klíč-ž".encode()),), 202),
    ("idempotency key too long", (("Idempotency-Key", b"k" * 256),), 400),
    ("two idempotency keys", (("Idempotency-Key", b"a"), ("Idempotency-Key", b"b")), 400),
    ("two codings", (("Content-Encoding", b"gzip, zstd"),), 415),
    ("unknown coding", (("Content-Encoding", b"br"),), 415),
    ("zstd that is none", (("Content-Encoding", b"zstd"),), 400),
    ("identity", (("Content-Encoding", b"identity"),), 202),
    ("binary CloudEvent", (*BINARY, ("ce-id", b"k%C5%BE 1")), 202),
    ("binary CloudEvent without id", BINARY, 400),
    ("binary CloudEvent of another version", (("ce-specversion", b"0.3"), *BINARY[1:], ("ce-id", b"1")), 400),
    ("correlation id", (("X-Correlation-ID", b"c-1"),), 202),
    ("request id", (("x-request-id", b"r-1"),), 202),
    ("unusable correlation id", (("X-Correlation-ID", b"c 1"), ("X-Request-ID", b"r-1")), 202),
    ("empty header", (("X-Empty", b""),), 202),
    ("trace", (("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),), 202),
    ("cookies", (("Cookie", b"a=1; b=2"),), 202),
    ("forged receipt", (("EventGate-Receipt", b"forged"),), 202),
    ("page of an allowed origin", (("Origin", b"https://app.example"),), 202),
    ("page of another origin", (("Origin", b"https://evil.example"),), 202),
    ("too many headers", tuple((f"X-{number}", b"v") for number in range(200)), 431),
    ("headers too large", (("X-Large", b"v" * 40_000),), 431),
)
RUNS: tuple[tuple[str, Fields, bytes, int], ...] = (
    ("good", ALICE, GOOD_RUN, 202),
    ("every problem", ALICE, b'{"event_id":7,"count":-1,"at":"noon","jobs":[{}]}', 400),
    ("foreign member", ALICE, b'{"event_id":"e","tenant_id":"t1","secret":{"a":1}}', 202),
    ("constraint met", RITA, GOOD_RUN, 202),
    ("constraint not met", RITA, b'{"event_id":"e","tenant_id":"t2"}', 403),
    ("constrained field absent", RITA, b'{"event_id":"e"}', 403),
    ("constrained subject, no object", RITA, b"[]", 403),
)
PREFLIGHT: Fields = (("Origin", b"https://app.example"), ("Access-Control-Request-Method", b"POST"))
XML = (("Content-Type", b"text/xml"),)


def cases() -> Iterator[Case]:
    """All of them."""
    for target, status in READ:
        yield Case(f"GET {target}", "GET", target, status)
        yield Case(f"HEAD {target}", "HEAD", target, status)
    for target, status in BROWSED:
        yield Case(f"browser: GET {target}", "GET", target, status, (("Accept", BROWSER),))
        yield Case(f"browser: HEAD {target}", "HEAD", target, status, (("Accept", BROWSER),))
    yield Case("an asset that is there", "GET", "/assets/icon.svg", 304, (("If-None-Match", b"*"),))
    yield Case("HEAD of it", "HEAD", "/assets/icon.svg", 304, (("If-None-Match", b"*"),))
    for method, target, status in OTHER_METHODS:
        yield Case(f"{method} {target}", method, target, status)
    for name, headers, status in CREDENTIALS:
        yield Case(f"credentials: {name}", "POST", "/topics/free", status, headers, b"{}")
    for name, body, status in BODIES:
        yield Case(f"body: {name}", "POST", "/topics/free", status, ALICE, body)
    for media, status in MEDIA:
        headers = (*ALICE, ("Content-Type", media.encode()))
        yield Case(f"media: {media}", "POST", "/topics/free", status, headers, b"{}")
    for name, headers, status in FREE_HEADERS:
        yield Case(f"header: {name}", "POST", "/topics/free", status, (*ALICE, *headers), b"{}")
    for name, headers, body, status in RUNS:
        yield Case(f"runs: {name}", "POST", "/topics/runs", status, headers, body)
        validated = 200 if status == 202 else status
        yield Case(f"validate: {name}", "POST", "/topics/runs/validate", validated, headers, body)
    yield from batch_cases()
    yield Case("unknown topic, no token", "POST", "/topics/nope", 401, (), b"{}")
    yield Case("unknown topic", "POST", "/topics/nope", 404, ALICE, b"{}")
    yield Case("broken topic", "POST", "/topics/broken", 503, ALICE, b"{}")
    yield Case("topic in upper case", "POST", "/topics/RUNS", 202, ALICE, GOOD_RUN)
    yield Case("topic beyond ASCII", "POST", "/topics/stra%C3%9Fe", 202, ALICE, b"{}")
    yield Case("topic that only looks alike", "POST", "/topics/strasse", 404, ALICE, b"{}")
    yield Case("two media types", "POST", "/topics/free", 415, (*ALICE, *XML, ("Content-Type", b"text/css")), b"{}")
    yield Case("size before media", "POST", "/topics/free", 413, (*ALICE, *XML), b"x" * 70_000)
    yield Case("media before permission", "POST", "/topics/runs", 415, (("bearer", b"{bob}"), *XML), b"{}")
    yield Case("401 before size", "POST", "/topics/free", 401, (), b"x" * 70_000)
    yield Case("preflight", "OPTIONS", "/topics/runs", 204, PREFLIGHT)
    yield Case("terminate without token", "POST", "/terminate", 401)
    yield Case("terminate by someone", "POST", "/terminate", 404, ALICE)
    yield Case("terminate", "POST", "/terminate", 202, (("Authorization", b"Bearer {root}"),))
    yield Case("after terminate", "POST", "/topics/runs", 202, ALICE, GOOD_RUN)
