"""The report as JSON, for programs."""

from __future__ import annotations

import json

from commdip.findings import Report


def render(report: Report) -> str:
    """Return the report as a JSON object."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False)
