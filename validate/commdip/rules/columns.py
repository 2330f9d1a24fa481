"""Rules about single cells. Their checks are derived from the Table Schemas (see ``commdip.columns``)."""

from __future__ import annotations

from commdip.findings import ERROR
from commdip.rules.base import Rule, declare

TYPE = declare(
    Rule(
        "COL01",
        "type",
        ERROR,
        "Every cell is of its column's type.",
        "Numbers and booleans are read as such; a cell that is neither is lost on loading.",
        "Write an integer as digits, a boolean as true or false; leave the cell empty if it is not known.",
    )
)
REQUIRED = declare(
    Rule(
        "COL02",
        "required",
        ERROR,
        "Every required cell is filled.",
        "Without it the row says nothing, or nothing can point at it.",
        "Fill the cell; if the fact is not known, the row cannot stand yet.",
    )
)
CONSTRAINT = declare(
    Rule(
        "COL03",
        "constraint",
        ERROR,
        "Every cell keeps to the pattern and the limits of its column.",
        "Identifiers and codes are joined on; one in another form joins to nothing.",
        "Write the cell in the form of the example.",
    )
)
VOCABULARY = declare(
    Rule(
        "COL04",
        "vocabulary",
        ERROR,
        "Every coded cell holds a term of its vocabulary in codes.csv.",
        "Closed vocabularies make rows of different coders comparable.",
        "Use a term of the vocabulary, or add the new term with its definition to codes.csv.",
    )
)
DATE = declare(
    Rule(
        "COL05",
        "date",
        ERROR,
        "Every date is EDTF: YYYY, YYYY-MM or YYYY-MM-DD, with an optional ? or ~, and exists in the calendar.",
        "All comparisons in time rest on it.",
        "Write as much of the date as is known: 2023, 2023-05 or 2023-05-07; add ? if uncertain, ~ if approximate.",
    )
)
