"""Events whose judging may take long are judged by processes beside the gate's own."""
