"""The floor: both large files are read with all columns as text, and nothing is checked.

    python benchmarks/peers/floor.py PACKAGE

The fastest reader of CSV that we know, polars, each file as a whole and one after the other.
"""

from __future__ import annotations

import polars as pl
from common import LARGE, data


def main() -> None:
    """Read the files."""
    for table in LARGE:
        print(table, pl.read_csv(data(table), infer_schema=False).shape)


if __name__ == "__main__":
    main()
