"""The benchmarks: `python -m benchmarks` (make bench) and `pytest benchmarks --benchmark-only`; docs/benchmarks.md."""
