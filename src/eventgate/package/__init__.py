"""Packages for AWS Lambda: the gate, its configuration and the locked libraries that it needs, in one zip file."""
