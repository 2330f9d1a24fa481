"""The codebook: every table, column and term of a package, written from its schemas and its data.

``page`` writes it as Markdown, ``html`` turns that into one page that needs nothing else,
``diagram`` draws how the tables hang together, in both.
"""
