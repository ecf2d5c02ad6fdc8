"""Read models of a case, a queue, a list: plain data for templates and the API."""
