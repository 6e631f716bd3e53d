"""Words: a text's tokens, and word vectors from packages, files or a download."""
