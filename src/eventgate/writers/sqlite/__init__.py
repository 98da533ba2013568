"""The embedded sink: one SQLite file, durable, written in groups."""
