"""The best networks as registered models: images or their maps in, responses out."""
