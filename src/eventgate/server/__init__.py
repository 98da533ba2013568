"""The HTTP server: a parent process that serves nothing itself, and workers that do."""

from eventgate.server.serve import serve

__all__ = ["serve"]
