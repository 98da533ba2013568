"""What a token must be like: the `auth` section of config.json."""

# No annotations as text (`from __future__`): msgspec would compile each, a fifteenth of an empty handler's cold start.

from typing import Annotated, Literal

from msgspec import Meta, Struct

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Asymmetric algorithms only (RFC 7518, RFC 8037): with a symmetric one, who can check a token could make one."""

_Text = Annotated[str, Meta(min_length=1)]


class AuthRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules for tokens and for the keys that verify them. Times in seconds."""

    algorithms: Annotated[
        tuple[Algorithm, ...], Meta(min_length=1, description="Signature algorithms that a token may use.")
    ] = ("RS256",)
    issuer: Annotated[_Text | None, Meta(description="What a token's `iss` must be. null: not looked at.")] = None
    audience: Annotated[
        _Text | Annotated[tuple[_Text, ...], Meta(min_length=1)] | None,
        Meta(description="One of these must be in a token's `aud`. null: a token must have no `aud`."),
    ] = None
    leeway_seconds: Annotated[
        float, Meta(ge=0, description="How far the clocks of the gate and the token's issuer may differ.")
    ] = 30
    max_lifetime_seconds: (
        Annotated[float, Meta(gt=0, description="Longest time from `iat` (or now) to `exp`. null: no limit.")] | None
    ) = 86400
    fold_subject_case: Annotated[
        bool, Meta(description="Whether subjects are compared without regard to ASCII case.")
    ] = False
    refresh_seconds: Annotated[float, Meta(gt=0, description="How often the public keys are fetched again.")] = 900
    max_key_age_seconds: Annotated[
        float, Meta(gt=0, description="How long the keys serve after the last good answer of their address.")
    ] = 86400
