"""Batches: many events in one request, each with a result of its own."""
