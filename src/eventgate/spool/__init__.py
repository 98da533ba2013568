"""The spool: events that a writer could not take, kept until it does, and dead letters."""
