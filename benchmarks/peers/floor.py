"""The floor: read both large files with all columns materialized, and check nothing."""

import sys

import polars as pl

for name in ("contacts", "participation"):
    frame = pl.read_csv(f"{sys.argv[1]}/data/{name}.csv", infer_schema=False)
    print(name, frame.shape)
    del frame
