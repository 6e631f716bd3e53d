"""What can be read from the networks' states: on fresh trials, by linear decoders, with controls."""
