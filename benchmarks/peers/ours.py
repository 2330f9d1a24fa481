"""CommDip itself: how many rows break each check that peers do, as it reports them.

    python benchmarks/peers/ours.py PACKAGE

For comparison with the peers' counts, not for timing: timed is the command, ``commdip validate``. A
finding that says that more rows are alike counts with them.
"""

from __future__ import annotations

import re
from collections import Counter

from common import LARGE, package, report

import commdip

ALIKE = re.compile(r"\((\d+) more rows? (?:is|are) alike")


def main() -> None:
    """Validate the package and count."""
    found = commdip.validate(package(), max_findings=10**9)
    counts: Counter[str] = Counter()
    for finding in found.findings:
        if finding.table in LARGE:
            alike = ALIKE.search(finding.message)
            counts[f"{finding.rule} {finding.table}.{finding.column}"] += 1 + int(alike[1] if alike else 0)
    report(counts)


if __name__ == "__main__":
    main()
