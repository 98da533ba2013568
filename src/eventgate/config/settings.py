"""Every setting of config.json, described where it is declared.

Parsing, lint, the published JSON Schema and the reference in docs/configuration.md are all made from these Structs.
"""

# No annotations as text (`from __future__`): msgspec would compile each, a fifteenth of an empty handler's cold start.

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from eventgate.config.shape import parse_struct
from eventgate.core.auth.rules import AuthRules
from eventgate.core.limits import Limits
from eventgate.errors import Finding

ANNOTATIONS: Final = ("$schema", "$comment")
"""Keys of config.json that are for editors and people; they may hold anything."""


OnInvalid = Literal["drop", "keep"]


class Validation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events are checked against their schemas."""

    assert_formats: Annotated[
        bool, Meta(description="Whether `format` in a schema is asserted, in every draft, or only a note to readers.")
    ] = True


class Receipts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signed receipts, with which a retry reaches only the writers that still lack the event."""

    active: Annotated[str, Meta(min_length=1, description="Id of the key that signs new receipts: one of `keys`.")]
    keys: Annotated[
        dict[str, str],
        Meta(
            min_length=1,
            description="Secret keys by id, each by reference, of 16 bytes at least and better 32. Every one of them "
            "verifies. An id has letters, digits and `._-`, 32 at most.",
        ),
    ]
    ttl_seconds: Annotated[int, Meta(ge=1, description="How long a receipt counts, in seconds.")] = 86400


class Ledger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the writers that keep a ledger remember of each event: its id and a digest of its body."""

    retain_days: Annotated[int, Meta(ge=1, description="For how many days an event id is remembered.")] = 30


class Spool(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events are kept that a required writer did not take, until it does. See reliability.md."""

    store: Annotated[
        str,
        Meta(
            min_length=1,
            description="`sqlite:PATH`: a file on a local disk, relative to the configuration directory, for servers. "
            "`sqs:QUEUE`: an SQS queue by its name or URL, for Lambda functions and for servers without a disk.",
        ),
    ]
    max_age_seconds: Annotated[
        int, Meta(ge=1, description="How long an event is tried again; then it is a dead letter.")
    ] = 86400
    max_events: Annotated[
        int,
        Meta(
            ge=1,
            description="How many events it holds, deferred ones and those of dead letters together, and as many "
            "refused ones beside. When it is full, an event that a writer did not take is a 503 `spool`.",
        ),
    ] = 1_000_000
    on_invalid: Annotated[
        OnInvalid,
        Meta(
            description="What becomes of an event that is answered 400: `drop`, or `keep` as a dead letter. A topic "
            "may say otherwise."
        ),
    ] = "drop"


class Terminate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may rebuild the gate from its configuration by `POST /terminate`."""

    subjects: Annotated[
        tuple[str, ...], Meta(description="Subjects that may. With none, the route does not exist (404).")
    ] = ()


class Cors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Browsers on other origins."""

    origins: Annotated[
        tuple[str, ...], Meta(description="Origins, as `https://app.example`, whose pages may call the gate.")
    ] = ()


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told of the topics, on pages and as JSON. See catalogue.md."""

    public: Annotated[
        bool,
        Meta(
            description="Whether anyone who reaches the gate may see its topics. false: `/`, `/topics`, `/docs` and "
            "`/api` ask for a token; any good one will do."
        ),
    ] = True


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of config.json. `$schema` and `$comment` may stand beside these keys."""

    access_config: Annotated[
        str, Meta(min_length=1, description="The access file: who may write to which topic. See Access below.")
    ] = "access.json"
    topics: Annotated[
        str | dict[str, Any],
        Meta(description="The topics: a folder of schemas, an index file, or an object. See Topics below."),
    ] = "topics/"
    token_provider_url: Annotated[
        str | None, Meta(description="Where people get a token: `GET /token` redirects there, 404 if unset.")
    ] = None
    token_public_keys_url: Annotated[
        str,
        Meta(
            min_length=1,
            description="Where the public keys that verify tokens are: an `https://` or `http://` address, or a file.",
        ),
    ]
    auth: Annotated[AuthRules, Meta(description="Which tokens are good.")] = AuthRules()
    writers: Annotated[
        dict[str, dict[str, Any]], Meta(description="Where events go, by names of your choice. See Writers below.")
    ] = {}
    limits: Annotated[Limits, Meta(description="How much the gate takes on.")] = Limits()
    validation: Annotated[Validation, Meta(description="How events are checked.")] = Validation()
    receipts: Annotated[Receipts | None, Meta(description="Receipts. Off while unset.")] = None
    ledger: Annotated[Ledger, Meta(description="How long event ids are remembered.")] = Ledger()
    spool: Annotated[
        Spool | None, Meta(description="A durable place for events that a writer did not take. null: none.")
    ] = None
    terminate: Annotated[Terminate, Meta(description="Who may rebuild the gate over HTTP.")] = Terminate()
    cors: Annotated[Cors, Meta(description="Browsers on other origins.")] = Cors()
    catalogue: Annotated[Catalogue, Meta(description="Who may see what topics there are.")] = Catalogue()
    ssl_ca_bundle: Annotated[
        bool | str,
        Meta(
            description="How HTTPS servers prove themselves to the gate: by the system's certificate authorities "
            "(true), by those in a file (its path), or not at all (false)."
        ),
    ] = True
    refresh_seconds: Annotated[
        float, Meta(gt=0, description="How often access and topics are read again, in seconds.")
    ] = 60
    allow_empty: Annotated[
        bool,
        Meta(description="Whether an access file or topic folder that is suddenly empty is meant, not an accident."),
    ] = False


class TopicSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic, in an index or in `topics`. What is not given is as for a topic that is only a schema file."""

    schema: Annotated[
        str | bool | dict[str, Any] | None,
        Meta(description="The JSON Schema itself, or the path of its file. Default: `NAME.json` beside the index."),
    ] = None
    event_id: Annotated[
        str | None, Meta(description="JSON Pointer to the event's own id. Default: `Idempotency-Key`, or a new UUIDv7.")
    ] = None
    key: Annotated[str | None, Meta(description="JSON Pointer to the key that keeps related events in order.")] = None
    guard: Annotated[
        str | None,
        Meta(description="The writer that goes first; the others run only if it holds the event."),
    ] = None
    request_timeout_seconds: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="Deadline of one request, if shorter than `limits.request_timeout_seconds`."),
    ] = None
    spool: Annotated[
        bool,
        Meta(
            description="Whether an event that a required writer did not take is put into the spool, answered 202 "
            "and delivered later. Needs the section `spool` in config.json."
        ),
    ] = False
    on_invalid: Annotated[
        OnInvalid | None,
        Meta(
            description="What becomes of this topic's events that are answered 400: `drop` or `keep`. "
            "Default: `spool.on_invalid`."
        ),
    ] = None
    writers: Annotated[
        dict[str, dict[str, Any]] | None,
        Meta(
            description="The topic's writers by name, each with `required` (default true) and that writer's own "
            "settings for a topic. Default: all configured ones."
        ),
    ] = None


def parse_settings(raw: object, file: str) -> tuple[Settings | None, tuple[Finding, ...]]:
    """config.json's document as settings, or None with everything that keeps it from being that."""
    if not isinstance(raw, dict):
        return None, (Finding("error", file, "must be a JSON object"),)
    return parse_struct({name: value for name, value in raw.items() if name not in ANNOTATIONS}, Settings, file=file)
