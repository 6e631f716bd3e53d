"""Representations that were made elsewhere, from files: vectors, dissimilarities, judgements."""
