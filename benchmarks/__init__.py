"""The benchmarks: `python -m benchmarks` (make bench). docs/benchmarks.md says how they measure."""
