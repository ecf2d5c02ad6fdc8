"""The policy engine: pure Python. Documents are data, evaluation is exact, unknown is never no."""
