"""The writers: one module for each kind of sink, imported only when a configuration asks for it."""
