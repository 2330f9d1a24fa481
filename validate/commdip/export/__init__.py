"""Exporting: the tables of a package in the forms that other tools read.

One module of this folder writes one format. It has ``SUFFIX``, the ending of its file (empty for a
set of files), and ``write(source, target)``, which writes the file or fills the empty folder. What
the formats say of types, keys and labels is derived from the Table Schemas.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from commdip.export.errors import ExportError as ExportError
from commdip.export.target import replace_file, replace_folder, replace_zip, write_sums

if TYPE_CHECKING:
    from commdip.export.source import Source

MODULES = {
    "csv-zip": "csv_zip",
    "parquet": "parquet",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "xlsx": "xlsx",
    "stata": "stata",
    "croissant": "croissant",
    "csvw": "csvw",
}
"""The formats, and the modules that write them."""
FORMATS = tuple(MODULES)


def export(path: str | Path | None, to: str, output: str | Path | None = None) -> Path:
    """Export a package.

    Takes a folder, a descriptor or a zip (None: the package that ships with the installation), a
    format, and where to write: a file, or for formats of several files a folder, or a zip of it if
    the name ends with ``.zip``. Without ``output``, the name is made of the package's name and
    version. What stands there is replaced only once the new export is complete. Returns where it
    stands. Raises PackageError if there is no such package, ExportError if the data do not keep
    what the format demands, a library is missing, or the output is a folder of other things.
    """
    from commdip.export.source import Source

    writer = module(to)
    source = Source.open(path)
    target = Path(output) if output else Path(f"{source.label}{writer.SUFFIX or '-' + to}")
    write(source, writer, target)
    return target


def write(source: Source, writer: ModuleType, target: Path) -> None:
    """Write a source in the format of a module, all or nothing; see ``export``."""

    def fill(place: Path) -> None:
        writer.write(source, place)
        if place.is_dir():
            write_sums(place)

    try:
        if writer.SUFFIX:
            replace_file(target, fill)
        elif target.suffix.lower() == ".zip":
            replace_zip(target, fill, source.moment)
        else:
            replace_folder(target, fill)
    except ModuleNotFoundError as error:
        raise ExportError(f"{error.name} is not installed; pip install 'commdip[export]' brings it") from error


def module(to: str) -> ModuleType:
    """Return the module that writes a format; raises ExportError if there is no such format."""
    if to not in MODULES:
        raise ExportError(f"no format {to!r}; there are {', '.join(FORMATS)}")
    return importlib.import_module(f"commdip.export.{MODULES[to]}")
