"""How a gate is watched: its log."""
