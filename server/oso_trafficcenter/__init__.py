"""The Traffic Center: decides who may fetch which dossier from whom, and keeps the evidence.

It never sees a dossier or who the pupil is: what it knows of a pupil is a salted commitment.
"""
