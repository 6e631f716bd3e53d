"""4, figures: the report of a study and of several side by side, and the example seed."""
