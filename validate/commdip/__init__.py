"""CommDip, the Commemorative Diplomacy Dataset: load it, check it, check your own.

>>> import commdip
>>> ds = commdip.load()
>>> ds.participation.groupby("ceremony_id").size()  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commdip.columns import schema as schema
    from commdip.dataset import Dataset as Dataset
    from commdip.findings import Finding as Finding
    from commdip.findings import Report as Report
    from commdip.loading import load as load
    from commdip.package import PackageError as PackageError
    from commdip.validation import validate as validate

__version__ = "1.1.0"
_HOME = {
    "Dataset": "dataset",
    "Finding": "findings",
    "PackageError": "package",
    "Report": "findings",
    "load": "loading",
    "schema": "columns",
    "validate": "validation",
}
__all__ = ["Dataset", "Finding", "PackageError", "Report", "load", "schema", "validate"]


def __getattr__(name: str) -> Any:
    # Pandas and pandera take a second to import: nobody pays for what he does not use.
    if name in _HOME:
        return getattr(import_module(f"commdip.{_HOME[name]}"), name)
    raise AttributeError(f"module 'commdip' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
