"""EventGate: a schema-governed gate for JSON events."""

__version__ = "0.1.0"
