"""Rules about the descriptor and the files: what must hold before a row can be read."""

from __future__ import annotations

from commdip.findings import ERROR, WARNING
from commdip.rules.base import Rule, declare

PROFILE = declare(
    Rule(
        "PKG01",
        "descriptor-profile",
        ERROR,
        "The descriptor follows the CommDip profile of Data Package v2.",
        "Every tool that opens the package starts from the descriptor; what it promises must be there.",
        "Correct the property at the path given; schemas/datapackage-profile.json says what is allowed.",
    )
)
RESOURCE = declare(
    Rule(
        "PKG02",
        "resource-entry",
        ERROR,
        "Every resource names one file inside the package, once, and has a Table Schema.",
        "A table without a readable schema cannot be checked, and a path outside the package cannot be shipped.",
        "Give the resource a unique name, a relative path of one file, and a schema (schemas/NAME.json).",
    )
)
SCHEMA = declare(
    Rule(
        "PKG03",
        "table-schema",
        ERROR,
        "Every Table Schema is valid and its keys name fields that exist.",
        "All checks of a table are derived from its schema; a wrong schema makes wrong checks.",
        "Correct the schema at the path given.",
    )
)
MISSING = declare(
    Rule(
        "FIL01",
        "file-missing",
        ERROR,
        "Every file that the descriptor names exists.",
        "Rows of other tables point into the missing one, and readers cannot load it.",
        "Restore the file, or remove its resource from datapackage.json.",
    )
)
EXTRA = declare(
    Rule(
        "FIL02",
        "file-extra",
        WARNING,
        "Every file under data/ is a resource of the descriptor.",
        "A file that the descriptor does not name is shipped but never checked.",
        "Add a resource for the file to datapackage.json, or move the file out of data/.",
    )
)
ENCODING = declare(
    Rule(
        "FIL03",
        "encoding",
        ERROR,
        "Files are UTF-8.",
        "Names in many scripts survive only if all files share one encoding.",
        "Save the file as UTF-8; the cell given holds the first bytes that are not.",
    )
)
BOM = declare(
    Rule(
        "FIL04",
        "byte-order-mark",
        ERROR,
        "Files have no byte order mark.",
        "Many readers take the mark for a part of the first column's name.",
        "Run `commdip format`, or save the file as UTF-8 without BOM.",
    )
)
CSV = declare(
    Rule(
        "FIL05",
        "csv-syntax",
        ERROR,
        "Files are CSV as RFC 4180 has it.",
        "After a stray quote nothing in the file can be trusted to stand in its column.",
        "Close the quotes, and double the quotes inside quoted cells; look at the line given and the one before.",
    )
)
RAGGED = declare(
    Rule(
        "FIL06",
        "ragged-row",
        ERROR,
        "Every row has as many cells as the header.",
        "With a cell missing or too many, values stand under the wrong columns.",
        "Add or remove commas; quote cells that contain a comma.",
    )
)
HEADER = declare(
    Rule(
        "FIL07",
        "header",
        ERROR,
        "The header has every required column of the schema, and no column twice.",
        "Columns are found by name; a missing or doubled one loses data.",
        "Write the header as the schema has it.",
    )
)
EXTRA_COLUMN = declare(
    Rule(
        "FIL08",
        "extra-column",
        WARNING,
        "The header has no column that the schema does not know.",
        "Extra columns are allowed, but nothing checks them; often they are a misspelt name.",
        "Describe the column in the table's schema, correct its name, or ignore this with --ignore FIL08.",
    )
)
OPTIONAL_COLUMN = declare(
    Rule(
        "FIL11",
        "optional-column",
        ERROR,
        "The header has the optional columns of the schema too.",
        "Readers look for every column; a missing one counts as empty throughout, which may not be meant.",
        "Run `commdip format`, which adds the column with empty cells.",
    )
)
DIGEST = declare(
    Rule(
        "FIL09",
        "digest",
        ERROR,
        "Size and hash in the descriptor are those of the file.",
        "They prove to a reader that the file is the one that was released.",
        "Run `commdip format`, which writes bytes and hash anew.",
    )
)
EMPTY = declare(
    Rule(
        "FIL10",
        "no-header",
        ERROR,
        "Every file has a header row.",
        "A table without rows still says what its columns are.",
        "Write the header of the schema as the first line.",
    )
)
