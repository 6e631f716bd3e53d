"""The best autoencoders as registered models of vectors and of raw text."""
