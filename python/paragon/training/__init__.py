"""Training: the step program, the loop that feeds it, callbacks, checkpoints, and jobs for other languages."""
