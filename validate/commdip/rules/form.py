"""Rules about the canonical form of files. Their checks are in ``commdip.canonical``."""

from __future__ import annotations

from commdip.findings import ERROR
from commdip.rules.base import Rule, declare

_WHY = "A difference between two versions then is a difference in the data."
_HOW = "Run `commdip format`."
COLUMNS = declare(Rule("CAN01", "column-order", ERROR, "Columns stand in the schema's order.", _WHY, _HOW))
ROWS = declare(Rule("CAN02", "row-order", ERROR, "Rows are sorted by primary key.", _WHY, _HOW))
SPACE = declare(
    Rule(
        "CAN03",
        "white-space",
        ERROR,
        "No cell begins or ends with white space or holds a control character.",
        "Values that look the same would differ. " + _WHY,
        _HOW,
    )
)
UNICODE = declare(
    Rule(
        "CAN04",
        "unicode-nfc",
        ERROR,
        "Text is in Unicode normal form C.",
        "The same name in two normal forms is two names for a computer.",
        _HOW,
    )
)
VALUES = declare(Rule("CAN05", "value-form", ERROR, "Integers and booleans are written in one way.", _WHY, _HOW))
FORM = declare(
    Rule(
        "CAN06", "file-form", ERROR, "Quoting is minimal, lines end with a line feed, and so does the file.", _WHY, _HOW
    )
)
