"""Reading over HTTP(S) within a time and a size, whatever the other side does."""
