"""The policy engine: pure Python, no Django. Documents are data, evaluation is exact, unknown is never no."""
