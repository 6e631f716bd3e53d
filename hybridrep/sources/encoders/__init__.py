"""Frozen encoders, from a package, a folder or the hub; their vectors."""
