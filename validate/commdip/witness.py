"""Frictionless as an independent witness: a tool that we did not write reads the same package.

It runs in a process of its own while our checks run, so that it costs little time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
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


def hear(running: Running, tables: Mapping[str, Table], ours: Iterable[Finding]) -> tuple[list[Finding], list[str]]:
    """Wait for the witness; return its errors as findings, and what was left out and why.

    A foreign key fails for frictionless wherever the parent table cannot be read; where the
    parent has findings of ours, such errors are left out.
    """
    output, complaint = running.communicate()
    if running.returncode != 0:
        last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
        return [], [f"frictionless did not finish: {last[0]}"]
    broken = {f.table for f in ours if f.rule[:3] in ("FIL", "PKG", "COL")}
    findings, left = [], 0
    for error in json.loads(output):
        parents = {k.parent for k in tables[error["table"]].spec.foreign_keys} if error["table"] in tables else set()
        if error["type"] == "foreign-key" and parents & broken:
            left += 1
            continue
        findings.append(_finding(error, tables.get(error["table"])))
    return findings, [f"{left} foreign-key errors of frictionless, whose parent tables have findings of their own"] if left else []


def _finding(error: dict[str, Any], table: Table | None) -> Finding:
    message = f"frictionless: {error['note']}"
    # Frictionless counts records, the header being the first; we count physical lines.
    row = (error["row"] or 0) - 2
    if table is None or not 0 <= row < len(table.records):
        path = table.path if table else DESCRIPTOR
        return WITNESS.finding(message, table=error["table"], path=path, line=1 if table else None, column=error["field"])
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
        report = package.validate()
    found = [_plain(e, None) for e in report.errors]
    for task in report.tasks:
        found += [_plain(e, task.name) for e in task.errors]
    return found


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
