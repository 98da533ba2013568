"""SQLite files of the gate's own: opened, kept and written to durably, by one thread each."""
