"""The N-back tasks: their trials, their labels, their codes."""
