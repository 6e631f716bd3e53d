"""Models: the LSTM, the autoencoders, the classifiers, and many of them trained as one."""
