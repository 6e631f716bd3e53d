"""Appendix II: which bottleneck size, epochs and further choices serve an objective best."""
