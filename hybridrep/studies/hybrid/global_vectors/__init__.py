"""global_vectors."""
