"""The bounds of docs/performance.md, measured: `make bench` (or `python -m benchmarks 100000 [topic …]`)."""
