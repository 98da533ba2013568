"""Hosts: each turns its kind of request into a `Request` and the `Response` back."""
