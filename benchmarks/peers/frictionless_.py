"""Frictionless: types, required, patterns, primary and foreign keys of the whole package.

Left out, since it has no means for them: vocabularies, the calendar of EDTF dates, unique keys, and every rule
about more than one cell.
"""

from common import FOLDER
from frictionless import Package, system

with system.use_context(trusted=True):
    package = Package(f"{FOLDER}/datapackage.json")
    named = {r.name for r in package.resources}
    for resource in package.resources:
        keys = resource.schema.foreign_keys
        resource.schema.foreign_keys = [k for k in keys if (k["reference"].get("resource") or resource.name) in named]
    report = package.validate()
for task in report.tasks:
    print(task.name, task.stats["errors"])
