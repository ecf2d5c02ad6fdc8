"""The bank's pages: queues, the case on one screen, members to verify, lists and what is held."""
