"""Corpora: loading, cleaning, splits, tokens, word vectors, frozen encoders."""
