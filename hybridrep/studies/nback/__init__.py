"""Geometry of naturalistic object representations in working memory (Lei, Ito & Bashivan), a study.

Read from top to bottom, as the paper goes; every arrow leads downwards:

    stimuli     objects seen from many sides, at four places of a frame
    features    a frozen vision model's map of every distinct frame
    tasks       trials of the N-back tasks, their labels and their right answers
    memory      RNN, GRU and LSTM on components of the maps, trained on those trials
    decoding    what linear decoders read from the networks' states, over time and across tasks
    geometry    angles between values, rotations over time, causal tests, with their controls
    similarity  networks of all seeds by measures of similarity, on trials that all share
    pipeline    the wiring of all this, on one screen
    results     tables, what a seed's run holds
    report      the page
    sweep       architecture, size and learning rate, searched
    register    the best as models that can be served

`study` tells the platform of it; docs/nback.md says why each step is as it is.
"""
