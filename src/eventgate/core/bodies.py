"""Reading a request's body: its size, its media type, its coding, and whether the caller may post at all."""

from __future__ import annotations

from eventgate.core import json
from eventgate.core.admission import Admitted
from eventgate.core.auth.grants import Grant
from eventgate.core.codings import decompressed
from eventgate.core.limits import Limits
from eventgate.core.media import Media
from eventgate.core.model import Request
from eventgate.errors import InvalidJson


async def read_body(request: Request, media: Media, admitted: Admitted, limits: Limits) -> tuple[bytes, Grant]:
    """The body, decompressed and without surrounding white space, and what the caller may write.

    Raises, in this order, `BodyTooLarge`, `UnsupportedMedia`, `BodyTooLarge` for what it decompresses to, `NotListed`
    and `InvalidJson`.
    """
    body = await request.body(media.body_limit(limits))
    media.check()
    if media.coding is not None:
        try:
            body = await decompressed(body, media.coding, media.content_limit(limits))
        except InvalidJson:
            admitted.grant()  # whoever may not post is not told what is wrong with the body
            raise
    return body.strip(json.WHITE_SPACE), admitted.grant()
