"""The OpenAPI description that a gate makes of its topics."""
