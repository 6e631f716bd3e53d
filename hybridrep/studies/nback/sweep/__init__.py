"""Which architecture, size and learning rate serve memory best."""
