"""One folder a paper; `catalogue` says which there are. They never import each other."""
