"""3.2.1: similarity matrices, their pictures, and how sure their correlations are."""
