"""Write expected.json of all bad examples anew, or of the folders named; read the difference before committing it."""

from __future__ import annotations

import json
import sys

import cases

if __name__ == "__main__":
    for folder in sys.argv[1:] or cases.FOLDERS:
        found = cases.expected(folder, cases.run(folder))
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        (cases.HERE / folder / "expected.json").write_text(text, "utf-8")
