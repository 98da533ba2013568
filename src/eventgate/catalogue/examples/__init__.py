"""Valid example events made from a topic's schema, the same ones every time."""
