"""What a developer's gate needs beside the gate itself: a scaffolded directory, a signing key, a token issuer."""

from pathlib import Path
from typing import Final

DEFAULT_DIRECTORY: Final = Path(".eventgate-dev")
"""Where `eventgate dev` keeps its files unless told otherwise."""
DEFAULT_TTL_SECONDS: Final = 3600
MAX_TTL_SECONDS: Final = 86400
"""A gate takes no tokens of a longer life by default (docs/configuration.md, `auth.max_lifetime_seconds`)."""
