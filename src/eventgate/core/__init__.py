"""The gate's core: it knows neither Lambda nor ASGI nor any sink."""
