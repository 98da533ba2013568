"""The configuration directory: what is in it, what is wrong with it, and the policy that it makes."""
