"""The study's figures, a module each; `catalogue` lists them."""
