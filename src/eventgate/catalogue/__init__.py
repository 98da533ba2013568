"""The pages for people: what topics there are, what an event must look like, why one is refused.

Nothing of this room is imported before a page is asked for.
"""
