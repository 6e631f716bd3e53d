"""A search that goes on after a kill: axes, trials, tables, figures; of any study."""
