"""The spool in a local SQLite file, which several workers and processes may share."""
