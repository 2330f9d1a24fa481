"""Releasing: ``check`` says what speaks against a release, ``build`` makes the files of one.

``notes`` and ``metadata`` write the parts that are no export of the data.
"""
