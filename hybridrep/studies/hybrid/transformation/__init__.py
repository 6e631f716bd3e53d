"""transformation."""
