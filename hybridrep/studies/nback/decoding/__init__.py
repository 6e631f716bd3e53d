"""What linear decoders read from the networks' states on fresh trials, with controls."""
