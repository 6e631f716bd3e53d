"""Geometry of naturalistic object representations in working memory (Lei, Ito & Bashivan), a study.

Read from top to bottom, as the paper goes; every arrow leads downwards:

    stimuli     objects seen from many sides, at four places of a frame
    features    a frozen vision model's map of every distinct frame
    tasks       trials of the N-back tasks, their labels and their right answers

docs/nback.md says why each step is as it is.
"""
