"""One invocation of any study, from its checks to its last run: stages, studies, work, runs."""
