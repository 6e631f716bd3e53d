"""3.1.1, 3.3.1: tweets loaded, cleaned, split, sampled and cut into words."""
