"""The files of a release: the same commit gives the same bytes."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from commdip import diff
from commdip.codebook import html
from commdip.export import croissant, csv_zip, parquet, sqlite
from commdip.export.errors import ExportError
from commdip.export.source import Source, moment_of
from commdip.export.target import files_of, replace_folder, write_sums, write_zip
from commdip.package import Package, open_package
from commdip.publishing import metadata, notes, repository


def build(path: str | Path, output: str | Path, earlier: Package | None = None) -> list[Path]:
    """Write the files of a release into a folder, all or none, and return them.

    ``earlier`` is the release before, whose difference the notes tell. What stands for now is
    SOURCE_DATE_EPOCH, or the time of the commit, or the descriptor's. Raises ExportError if the
    data cannot be written in a format, or the folder holds files of others.
    """
    source = Source.open(path)
    source.moment = _moment(source.package)

    def fill(folder: Path) -> None:
        try:
            _write(source, folder, earlier)
        except ModuleNotFoundError as error:
            raise ExportError(f"{error.name} is not installed; pip install 'commdip[export]' brings it") from error

    replace_folder(Path(output), fill)
    return list(files_of(Path(output)).values())


def _write(source: Source, folder: Path, earlier: Package | None) -> None:
    csv_zip.write(source, folder / f"{source.label}.zip")
    sqlite.write(source, folder / f"{source.label}.sqlite")
    with TemporaryDirectory(prefix="commdip-") as name:
        files = Path(name)
        parquet.write(source, files)
        packed = folder / f"{source.label}-parquet.zip"
        write_zip(packed, files_of(files), source.moment)
        croissant.write_metadata(source, files, folder / "croissant.json", packed)
    difference = diff.compare(earlier, source.package) if earlier else None
    texts = {
        f"{source.label}-codebook.html": html.page(source.package),
        "CITATION.cff": metadata.cff(source),
        ".zenodo.json": metadata.zenodo(source),
        "RELEASE_NOTES.md": notes.notes(source, difference),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    write_sums(folder)


def _moment(package: Package) -> datetime.datetime:
    committed = None if os.environ.get("SOURCE_DATE_EPOCH") else repository.moment(package.root)
    return datetime.datetime.fromtimestamp(committed, datetime.UTC) if committed else moment_of(package)


def unfinished(path: str | Path) -> list[str]:
    """Return the files of a package's folder that are not as committed: of those, no commit gives the bytes."""
    return repository.changed_files(open_package(path).root)
