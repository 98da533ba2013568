"""What `eventgate send` does: batches under way, what became of them, and a journal to go on by."""
