"""3.2: autoencoders from each representation to the other, and ridge beside them."""
