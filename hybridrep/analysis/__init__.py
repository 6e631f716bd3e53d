"""Similarity, RSA, statistics: pure functions on arrays and tables, without files or plots."""
