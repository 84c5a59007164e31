"""Contests: families of cases in which the workloads are timed beside peers, with their goals. Each module has `cases`."""
