"""Transformability, generalizability, but limited diffusibility (Jiang, Dale & Lu), as a study.

Read from top to bottom, as the paper goes; every arrow leads downwards:

    tweets             3.1.1, 3.3.1   loaded, cleaned, split, sampled, cut into words
    global_vectors     3.1.2          a frozen encoder's vector of every distinct text
    task_specific      3.1.3          an LSTM trained on emotions, its last hidden state
    transformation     3.2            autoencoders from each to the other, ridge beside them
    similarity         3.2.1          similarity matrices, their correlations, how sure these are
    transfer           3.3            seven representations on a new task
    fusion             beyond         what one representation can carry of both
    pipeline                          the wiring of all this, on one screen
    results            4              tables, tests, claims, what a seed's run holds
    report             4, figures     the page; studies side by side
    sweep              Appendix II    sizes, epochs and more, searched
    register                          the best as models that can be served

`study` tells the platform of it; docs/science.md says why each step is as it is.
"""
