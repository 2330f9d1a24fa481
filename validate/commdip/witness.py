"""Frictionless as an independent witness: a tool that we did not write reads the same package.

It runs in a process of its own while our checks run, so that it costs little time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from commdip.findings import Finding
from commdip.package import DESCRIPTOR, Package
from commdip.rules.witness import WITNESS
from commdip.tables import Table

Running = subprocess.Popen[bytes]


def start(package: Package) -> Running:
    """Start frictionless on an opened package, beside this process."""
    command = [sys.executable, "-m", "commdip.witness", str(package.root / DESCRIPTOR)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def stop(running: Running | None) -> None:
    """End the witness if it still runs, as after an error of ours."""
    if running is not None and running.poll() is None:
        running.kill()
        running.communicate()


def hear(running: Running, tables: Mapping[str, Table], ours: Sequence[Finding]) -> tuple[list[Finding], list[str]]:
    """Wait for the witness; return its errors as findings, and what was left out and why.

    One mistake shall not be told a hundred times: its errors on one line are one finding, and
    errors that merely follow from a finding of ours are counted only.
    """
    output, complaint = running.communicate()
    if running.returncode != 0:
        last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
        return [], [f"frictionless did not finish: {last[0]}"]
    told = _Told(ours)
    found: dict[tuple[str | None, int | None], Finding] = {}
    for error in json.loads(output):
        finding = _finding(error, tables.get(error["table"]))
        if not told.explain(error, finding, tables):
            found.setdefault((finding.path, finding.line or id(finding)), finding)
    return list(found.values()), told.reasons()


class _Told:
    """What findings of ours explain of the witness's errors."""

    def __init__(self, ours: Sequence[Finding]) -> None:
        self.digests = {f.table for f in ours if f.rule == "FIL09"}
        self.keys = {f.table for f in ours if f.rule == "KEY03"}
        self.key_lines = {(f.table, f.line) for f in ours if f.rule == "KEY03"}
        unread = ("PKG", "COL", "FIL")
        self.broken = {f.table for f in ours if f.rule.startswith(unread) and f.rule not in ("FIL02", "FIL08", "FIL09")}
        self.left: Counter[str] = Counter()

    def explain(self, error: dict[str, Any], finding: Finding, tables: Mapping[str, Table]) -> bool:
        """Return whether an error follows from a finding of ours, and count it if so."""
        reason = ""
        if error["type"] in ("hash-count", "byte-count") and error["table"] in self.digests:
            reason = "of size and hash, which FIL09 tells"
        elif error["type"] == "foreign-key":
            table = tables.get(error["table"])
            parents = {k.parent for k in table.spec.foreign_keys} if table else set()
            if parents & self.broken:
                reason = "of foreign keys whose parent tables have findings of their own"
            elif error["table"] in self.keys and (finding.table, finding.line) not in self.key_lines:
                reason = "of foreign keys, which KEY03 tells once for each missing row"
        self.left[reason] += bool(reason)
        return bool(reason)

    def reasons(self) -> list[str]:
        """Return what was left out, in words."""
        return [f"{n} error{'' if n == 1 else 's'} of frictionless {reason}" for reason, n in self.left.items() if n]


def _finding(error: dict[str, Any], table: Table | None) -> Finding:
    message = f"frictionless: {error['note']}"
    # Frictionless counts records, the header being the first; we count physical lines.
    row = (error["row"] or 0) - 2
    if table is None or not 0 <= row < len(table.records):
        path = table.path if table else DESCRIPTOR
        return WITNESS.finding(
            message, table=error["table"], path=path, line=1 if table else None, column=error["field"]
        )
    column = error["field"] if error["field"] in table.places else None
    return table.finding(WITNESS, message, row, column)


def errors(descriptor: str) -> list[dict[str, Any]]:
    """Validate a package by frictionless alone.

    Takes the path of a descriptor; returns a list of objects with table, row (counting the
    header), field, type and note. Columns that a schema does not have are let through.
    """
    from frictionless import Detector, Package, system

    with system.use_context(trusted=True):
        package = Package(descriptor, detector=Detector(schema_sync=True))
        _drop_keys_to_nothing(package)
        report = package.validate()
    found = [_plain(e, None) for e in report.errors]
    for task in report.tasks:
        found += [_plain(e, task.name) for e in task.errors]
    return found


def _drop_keys_to_nothing(package: Any) -> None:
    """Drop foreign keys to tables that the package does not have; our own rules say so."""
    for resource in package.resources:
        keys = resource.schema.foreign_keys
        kept = [k for k in keys if k["reference"]["resource"] in ("", *package.resource_names)]
        if len(kept) < len(keys):
            resource.schema.foreign_keys = kept


def _plain(error: Any, table: str | None) -> dict[str, Any]:
    return {
        "table": table,
        "row": getattr(error, "row_number", None),
        "field": getattr(error, "field_name", None),
        "type": error.type,
        "note": error.message,
    }


if __name__ == "__main__":
    json.dump(errors(sys.argv[1]), sys.stdout)
