"""A second implementation of CDOC2 containers, to hold Kapsel against. It shares no code with it.

Read in this order: `schedule` (keys), `header` (FlatBuffers), `capsules` (how each kind of recipient gets the file
master key), `container` (the envelope and the payload), `archive` (the tar inside).
"""
