"""3.1.2: the global representation, the frozen encoder's vector of every distinct text."""
