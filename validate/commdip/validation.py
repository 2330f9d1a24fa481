"""Validation of a package: every check in its order, one report at the end.

files -> descriptor and files (jsonschema, csv) -> columns (pandera) -> keys -> rules on rows
(Narwhals functions, run as pandera checks) -> canonical form; frictionless reads the same package
beside it as an independent witness. Tables too large for that are read block by block on polars
(see ``commdip.streaming``).
"""

from __future__ import annotations

import contextlib
import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commdip import canonical, columns, engines, release, structure, witness
from commdip.findings import PLACES, Finding, Report, Skipped, also, in_reading_order
from commdip.package import Package, open_package, shipped_root, shipped_spec
from commdip.rules import REGISTER, ROW_RULES, waivers
from commdip.rules.base import ROW, Lookup, RowRule
from commdip.rules.keys import key_rules, missing_parents
from commdip.rules.release import BUMP, DROPPED
from commdip.rules.tables import Tables
from commdip.rules.witness import WITNESS
from commdip.tables import Table, read_table, union

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

CUT = ("FIL05", "FIL10")
"""Rules whose findings mean that rows of a table are not there to be found."""
REFERENCE_TABLES = ("codes", "rank_offices", "mode_roles")
ROWS_SHOWN = 1000
MAX_FINDINGS = 200
"""Findings of a rule that are listed; all are counted."""
WITNESSED_UP_TO = 64 << 20
"""Bytes of tables up to which frictionless is asked: it reads some 5 MB a second."""
Progress = Callable[[str], None]
Rows = list[dict[str, Any]]
"""Offending rows: ``row_`` and the columns that a message names, missing values as None."""


def validate(
    path: str | Path | None = None,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    today: datetime.date | None = None,
    against: str | Path | None = None,
    engine: str = "auto",
    spark: Mapping[str, str] | None = None,
    max_findings: int = MAX_FINDINGS,
    progress: Progress = lambda step: None,
) -> Report:
    """Validate a data package and return what was found.

    Takes a folder, a descriptor or a zip (None: the package that ships with the installation).
    ``select`` and ``ignore`` are codes of rules or beginnings of codes ("TIM"); ``today`` is the
    day that counts as now; ``against`` is an earlier release to compare with; ``engine`` is what
    the rules about rows run on (pandas, polars, spark, or auto: polars if it is installed);
    ``spark`` are settings for Spark, such as ``spark.master``;
    ``max_findings`` is how many findings of a rule are listed, all being counted; ``progress`` is told each step as it begins. Raises PackageError if there is no package to be
    read, ValueError if a code names no rule or an engine is not there.
    """
    wanted = chosen_rules(select, ignore)
    engine = engines.chosen(engine)
    package = open_package(path)
    report = Report(package.name, package.version, package.shown)
    heard = WITNESS.code in wanted and package.size() <= WITNESSED_UP_TO
    running = witness.start(package) if heard else None
    tables: dict[str, Table] = {}
    try:
        progress("descriptor and files")
        opened = engines.opener(engine, spark or {})
        tables, findings = structure.read_package(package, engines.large_from(engine), opened)
        run = _Run(
            package,
            tables,
            wanted,
            (today or datetime.date.today()).isoformat(),
            report,
            findings,
            engine,
            max_findings,
            progress,
        )
        progress("columns")
        run.check_columns()
        progress("keys")
        run.check_keys()
        progress("rules")
        run.check_rows()
        findings += canonical.check(t for n, t in tables.items() if n not in run.large)
        run.check_release(against)
        run.waive()
        progress("witness")
        if running is not None:
            run.hear_witness(running)
        elif WITNESS.code in wanted:
            run.skip(WITNESS.code, f"frictionless is not asked about more than {WITNESSED_UP_TO >> 20} MB of tables")
    finally:
        witness.stop(running)
        for read in tables.values():
            read.stop()
    everything = in_reading_order((f for f in run.findings if f.rule in wanted), list(tables))
    report.findings, report.more = run.capped(everything)
    skipped_whole = {s.rule for s in report.rules_skipped if s.rule not in run.judged}
    report.rules_run = sorted(wanted - skipped_whole)
    report.rows = {t.name: t.count() for t in tables.values()}
    report.rows_shown = rows_of(report.findings, {t.path: t for t in tables.values()})
    return report


def chosen_rules(select: Sequence[str], ignore: Sequence[str]) -> set[str]:
    """Return the codes of the rules that ``select`` and ``ignore`` leave; all if both are empty.

    Raises ValueError if an entry is neither a code nor the beginning of one.
    """
    for entry in (*select, *ignore):
        if not any(code.startswith(entry) for code in REGISTER):
            raise ValueError(f"no rule has the code {entry!r}; `commdip rules` lists them")
    picked = {c for c in REGISTER if not select or c.startswith(tuple(select))}
    return {c for c in picked if not (ignore and c.startswith(tuple(ignore)))}


@dataclass(eq=False)
class _Run:
    """State of one validation: the tables, what is known to be broken, and the report."""

    package: Package
    tables: dict[str, Table]
    wanted: set[str]
    today: str
    report: Report
    findings: list[Finding]
    engine: str
    max_findings: int
    progress: Progress
    judged: set[str] = field(default_factory=set)
    unlisted: Counter[str] = field(default_factory=Counter)

    @cached_property
    def large(self) -> dict[str, Any]:
        """Return the tables that are not in memory."""
        return {n: t for n, t in self.tables.items() if t.large}

    @cached_property
    def large_run(self) -> Any:
        """Return what runs rules on large tables: a LargeRun, or a SparkRun."""
        if self.engine == "spark":
            from commdip.spark_run import SparkRun

            return SparkRun(self)
        from commdip.large_run import LargeRun

        return LargeRun(self)

    def capped(self, findings: list[Finding]) -> tuple[list[Finding], dict[str, int]]:
        """Return the first findings of each rule, and how many more there are."""
        listed: list[Finding] = []
        seen: Counter[str] = Counter()
        for finding in findings:
            seen[finding.rule] += 1
            if seen[finding.rule] <= self.max_findings:
                listed.append(finding)
        more = {r: max(n - self.max_findings, 0) + self.unlisted[r] for r, n in seen.items()}
        return listed, {r: n for r, n in sorted(more.items()) if n}

    def check_columns(self) -> None:
        """Check the cells of every table by the pandera schema of its Table Schema.

        Beside large tables, small ones do without pandera and pandas, whose import takes longer than their rules.
        """
        for name, table in self.tables.items():
            if name in self.large:
                continue
            check = columns.check_values if self.large else columns.check_columns
            check(table, self.vocabularies)
            self.findings += table.findings
        if self.large:
            self.large_run.read()

    @cached_property
    def vocabularies(self) -> columns.Terms:
        """Return the package's vocabularies; those of ours if it has no codes.csv."""
        codes = self.tables.get("codes")
        return columns.terms(codes) if codes else columns.shipped_terms()

    def check_keys(self) -> None:
        """Check primary, unique and foreign keys; a reference to nothing breaks its cell."""
        specs = {t.name: t.spec for t in self.tables.values()}
        for parent, children in sorted(missing_parents(specs).items()):
            self.skip(
                "KEY03", f"references of {', '.join(sorted(children))} to {parent}: the package has no table {parent}"
            )
        rules = [r for r in key_rules(specs) if not self.unread(r)]
        self.judged |= {r.code for r in rules}
        rules = [r for r in rules if {r.code, WITNESS.code} & self.wanted or self.matters(r)]
        self.judge_keys(self.large_run.take(rules) if self.large else rules)

    def matters(self, rule: RowRule) -> bool:
        """Return whether a rule about keys breaks cells that a wanted rule reads."""
        return rule.code == "KEY03" and any((rule.table, c) in self.cells_read for c in rule.inputs)

    @cached_property
    def cells_read(self) -> set[tuple[str, str]]:
        """Return the table and column of all cells that wanted rules read."""
        keys = key_rules({t.name: t.spec for t in self.tables.values()})
        rules = [r for r in (*keys, *ROW_RULES) if r.code in self.wanted]
        own = {(r.table, c) for r in rules for c in r.reads}
        return own | {(n, c) for r in rules for n, x in r.lookups.items() for c in (x.on, *x.columns)}

    def judge_keys(self, rules: Iterable[RowRule]) -> None:
        """Run rules about keys."""
        for rule, rows in self.run_checks(rules):
            self.break_references(rule, rows)

    def break_references(self, rule: RowRule, rows: Rows) -> None:
        """Mark the cells of references to nothing as broken, if that is what the rule finds."""
        if rule.code == "KEY03":
            for row in rows:
                self.tables[rule.table].break_cells(row[ROW], list(rule.inputs))

    def check_rows(self) -> None:
        """Run the rules about rows, save those whose tables are missing."""
        rules = []
        for rule in ROW_RULES:
            spare = (*REFERENCE_TABLES, *rule.may_lack)
            lacking = [t for t in (rule.table, *rule.lookups) if t not in self.tables and t not in spare]
            if lacking:
                self.skip(rule.code, f"the package has no table {', '.join(lacking)}")
            elif rule.code in self.wanted and not self.unread(rule):
                rules.append(rule)
        self.judged |= {r.code for r in rules}
        for _ in self.run_checks(self.large_run.run(rules) if self.large else rules):
            pass

    def unread(self, rule: RowRule) -> bool:
        """Return whether a rule looks up rows in a table of which a part could not be read, and say so."""
        others = self.tables if rule.any_table else {n: self.tables[n] for n in rule.lookups if n in self.tables}
        cut = [n for n, t in others.items() if not t.pending and any(f.rule in CUT for f in t.findings)]
        if cut:
            self.skip(rule.code, f"{', '.join(cut)} could not be read to the end")
        return bool(cut)

    def run_checks(self, rules: Iterable[RowRule]) -> Iterable[tuple[RowRule, Rows]]:
        """Run rules, table by table, as pandera checks where all is in memory; yield each with its offending rows."""
        by_table: dict[str, list[RowRule]] = {}
        for rule in rules:
            by_table.setdefault(rule.table, []).append(rule)
        for name, group in by_table.items():
            caught = {} if self.large else run_as_pandera(self.tables[name].frame, group, self.view)
            for rule in group:
                rows = offending_rows(rule, self.view) if self.large else caught.get(id(rule), [])
                yield rule, self.report_rows(rule, rows)

    def report_rows(self, rule: RowRule, rows: Rows) -> Rows:
        """Report offending rows of a table in memory, but for those that hang on broken cells; return them."""
        rows = self.withhold(rule, rows)
        self.findings += findings_of(rule, self.tables[rule.table], rows)
        return rows

    @cached_property
    def view(self) -> Tables:
        """Return the tables as rules see them, with our reference tables where the package has none."""
        every = {n: t for n, t in self.tables.items() if n not in self.large}
        for name in REFERENCE_TABLES:
            if name not in every:
                file = shipped_root() / "data" / f"{name}.csv"
                every[name] = read_table(shipped_spec(name), file.name, file.read_bytes())
        for name in {t for rule in ROW_RULES for t in rule.may_lack} - set(every) - set(self.large):
            spec = shipped_spec(name)
            every[name] = read_table(spec, name, canonical.write_csv(spec.names, []))
        return Tables(
            engines.frames(every.values(), self.engine),
            {n: t.spec for n, t in (every | self.tables).items()},
            self.today,
            frozenset(self.tables),
        )

    def withhold(self, rule: RowRule, rows: Rows) -> Rows:
        """Drop findings that rest on cells known to be broken, and say so in the report."""
        table = self.tables[rule.table]
        exempt, reasons = set(), []
        own = {c for c in rule.reads if c in table.broken}
        if own and not rule.code.startswith("KEY"):
            exempt |= {row[ROW] for row in rows if any(row[ROW] in table.broken[c] for c in own)}
            broken = _breadth(table, own)
            reasons.append(f"{broken} {'row' if broken == 1 else 'rows'} of {table.name} ({', '.join(sorted(own))})")
        for name, lookup in rule.lookups.items():
            linked, reason = self.linked(table, name, lookup, rows)
            exempt |= linked
            reasons += [reason] if reason else []
        if reasons:
            self.skip(rule.code, f"not judged where its inputs are broken already: {'; '.join(reasons)}")
        return [row for row in rows if row[ROW] not in exempt]

    def linked(self, table: Table, name: str, lookup: Lookup, rows: Rows) -> tuple[set[int], str]:
        """Return the offending rows that hang on a broken row of a lookup table, and a reason."""
        if name in self.large and self.engine == "spark":
            found: tuple[set[int], str] = self.large_run.linked(table, name, lookup, rows)
            return found
        other = self.tables.get(name)
        broken = {r for c in (lookup.on, *lookup.columns) for r in other.broken.get(c, ())} if other else set()
        if other is None or not broken:
            return set(), ""
        main_on = lookup.main_on or lookup.on
        if main_on != "key_" and main_on not in table.spec.by_name:
            return {row[ROW] for row in rows}, f"what hangs on {name}"
        shown = sorted(broken)[:PLACES]
        if other.large:
            self.large_run.show(other, shown)
        reason = f"what hangs on {places(other, shown)} of {name}"
        if not rows:
            return set(), reason
        links = self._links(other, lookup.on, broken)
        values = {r: table.key(r) if main_on == "key_" else table.cell(r, main_on) for r in (row[ROW] for row in rows)}
        tainted, known = set(links.values()), set(values.values())
        # A broken link that links to nothing may have been meant for any row.
        if any(links[r] not in known for r in other.broken.get(lookup.on, ())):
            tainted = known
        return {r for r, v in values.items() if v in tainted}, reason

    def _links(self, table: Table, column: str, rows: set[int]) -> dict[int, str | None]:
        """Return what rows of a table have in a column."""
        if table.name in self.large:
            links: dict[int, str | None] = self.large_run.links(table, column, rows)
            return links
        return {r: table.cell(r, column) for r in rows}

    def check_release(self, against: str | Path | None) -> None:
        """Compare with an earlier release, if one is given; look for the changelog's entry."""
        self.findings += release.changelog(self.package) if self.package.file("CHANGELOG.md").is_file() else []
        why = "no earlier release was given to compare with (--against)" if against is None else ""
        why = why or ("the tables are too large to be compared with an earlier release" if self.large else "")
        if against is None or why:
            for rule in (DROPPED, BUMP):
                self.skip(rule.code, why)
            return
        earlier = open_package(against)
        old, _ = structure.read_package(earlier)
        self.judged |= {DROPPED.code, BUMP.code}
        self.findings += release.compare(self.package, self.tables, earlier, old)

    def waive(self) -> None:
        """Take out findings that a waiver lifts; report waivers that lift nothing."""
        table = self.tables.get("waivers")
        for row in range(len(table.records)) if table else ():
            assert table is not None
            rule, record_table, record = (table.cell(row, c) or "" for c in ("rule", "record_table", "record_id"))
            kept = [f for f in self.findings if (f.rule, f.table, f.key) != (rule, record_table, record)]
            if rule not in REGISTER or rule.startswith(waivers.NEVER_WAIVED):
                self.findings.append(
                    table.finding(waivers.NO_RULE, f"{rule} is no rule that can be waived.", row, "rule")
                )
            elif len(kept) < len(self.findings):
                self.findings[:] = kept
            elif rule in self.wanted & self.judged:
                self.findings.append(
                    table.finding(waivers.STALE, f"{rule} finds nothing at {record_table} {record}.", row, "record_id")
                )

    def skip(self, code: str, reason: str) -> None:
        """Note in the report that a rule did not run for something."""
        skipped = Skipped(code, reason)
        if code in self.wanted and skipped not in self.report.rules_skipped:
            self.report.rules_skipped.append(skipped)

    def hear_witness(self, running: witness.Running) -> None:
        """Add the witness's errors; its foreign-key errors only where ours are not the cause."""
        findings, reasons = witness.hear(running, self.tables, self.findings)
        self.findings += findings
        for reason in reasons:
            self.skip(WITNESS.code, reason)
        self.judged.add(WITNESS.code)


def run_as_pandera(frame: pd.DataFrame, rules: Sequence[RowRule], view: Tables) -> dict[int, Rows]:
    """Run rules of one table as checks of a pandera schema.

    Takes the table's frame, its rules and all tables; returns the offending rows (``row_`` and
    the columns that messages name) by the rule's ``id``, for the rules that have any.
    """
    import pandas as pd
    import pandera.pandas as pa

    caught: dict[int, Rows] = {}
    failed: list[tuple[RowRule, Exception]] = []

    def as_check(rule: RowRule) -> pa.Check:
        def check(series: pd.Series[Any]) -> Any:
            try:
                rows = offending_rows(rule, view)
            except Exception as error:
                # Pandera would take a crash for a failed check; a rule that crashes is our defect.
                failed.append((rule, error))
                raise
            if rows:
                caught[id(rule)] = rows
                return pd.Series(~series.index.isin([row[ROW] for row in rows]), index=series.index)
            return True

        return pa.Check(check, name=rule.code, error=rule.statement, ignore_na=False)

    checks: dict[str, list[pa.Check]] = {}
    for rule in rules:
        checks.setdefault(rule.column, []).append(as_check(rule))
    schema = pa.DataFrameSchema({c: pa.Column(None, checks=found, nullable=True) for c, found in checks.items()})
    with contextlib.suppress(pa.errors.SchemaErrors):  # the offending rows are caught already
        schema.validate(frame, lazy=True)
    for rule, error in failed:
        raise RuntimeError(f"rule {rule.code} on {rule.table} cannot be run: {error}") from error
    return caught


def offending_rows(rule: RowRule, view: Tables) -> Rows:
    """Run a rule; return its offending rows by number, each once, with None for missing values."""
    found: dict[int, dict[str, Any]] = {}
    for row in rule.check(view).collect().iter_rows(named=True):
        found.setdefault(int(row[ROW]), {str(c): _plain(v) for c, v in row.items()})
    return [{**found[number], ROW: number} for number in sorted(found)]


def _plain(value: Any) -> Any:
    """Return a cell of any engine as a Python value, None if it is missing."""
    if value is None or isinstance(value, str | int):
        return value
    import pandas as pd

    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def findings_of(rule: RowRule, table: Table, rows: Rows) -> list[Finding]:
    """Turn the offending rows of a rule into findings, folding those that are alike."""
    groups: dict[Any, Rows] = {}
    for place, row in enumerate(rows):
        alike = tuple(row[c] for c in rule.fold) if rule.fold else place
        groups.setdefault(alike, []).append(row)
    found = []
    for group in groups.values():
        found.append(finding_of(rule, table, group[0], [r[ROW] for r in group[1:]]))
    return found


def finding_of(
    rule: RowRule, table: Table, row: dict[str, Any], others: Sequence[int] = (), count: int | None = None
) -> Finding:
    """Return the finding of an offending row and others like it; ``count`` is how many, if not all are given."""
    named = {**row, "also": also([table.line(r, rule.column) for r in others], count)}
    message = rule.message
    if "other_" in row:
        other = int(row["other_"])
        named["other_line"] = table.line(other)
        if named["other_line"] is None:  # a file without lines: the row is named by its key
            message = message.replace("line {other_line}", "row {other_line}")
            named["other_line"] = table.key(other)
    return table.finding(rule, message.format_map(named), row[ROW], rule.column)


def places(table: Table, rows: Sequence[int]) -> str:
    """Return in words where rows stand: their lines, or their keys in a file without lines."""
    lines = [table.line(r) for r in rows]
    return "line " + ", ".join(map(str, lines)) if None not in lines else "row " + ", ".join(map(table.key, rows))


def _breadth(table: Table, names: Iterable[str]) -> int:
    """Return how many rows have a broken cell in some columns."""
    return len(union([table.broken[c] for c in names]))


def rows_of(findings: Iterable[Finding], tables: Mapping[str, Table]) -> dict[tuple[str, int], dict[str, str]]:
    """Return the rows on which findings stand, by path and line, ROWS_SHOWN at most; takes tables by path."""
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for finding in findings:
        table, line = tables.get(finding.path), finding.line or 1
        row = table.row_at(line) if table and not table.columnar else None
        if table and row is not None:
            rows[finding.path, line] = dict(zip(table.header, table.record(row), strict=True))
        if len(rows) == ROWS_SHOWN:
            break
    return rows
