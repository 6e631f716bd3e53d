"""Stages: what each reads, runs and writes. `pipeline` is the data's way through them."""
