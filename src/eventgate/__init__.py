"""EventGate: a schema-governed gate for JSON events."""

import logging

__version__ = "0.1.0"

# A library stays silent until its user configures logging: servers and Lambda do, other commands do not.
logging.getLogger(__name__).addHandler(logging.NullHandler())
