"""JSON Schema: read, checked for shapes that cannot be judged in time, compiled, and explained to who is refused."""
