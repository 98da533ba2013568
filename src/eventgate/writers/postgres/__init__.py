"""PostgreSQL as a sink: events in groups, each group one transaction that a ledger makes repeatable."""
