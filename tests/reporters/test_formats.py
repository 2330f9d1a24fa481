from __future__ import annotations

import pytest

from commdip.cli import main
from commdip.cli.validate import FORMATS

STARTS = {"sarif": "{", "junit": "<?xml", "github": "::error ", "html": "<!doctype html>"}


def test_every_format_is_tried_here():
    assert set(FORMATS) == {"text", "json", *STARTS}


@pytest.mark.parametrize("form", STARTS)
def test_command_line_prints_and_writes_the_same(form, broken_report, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("commdip.validation.validate", lambda *args, **given: broken_report)
    command = ["validate", "--format", form, "--no-cache"]
    assert main(command) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(STARTS[form]) and "fone" in printed
    assert main([*command, "--output", str(tmp_path / "report")]) == 1
    assert (tmp_path / "report").read_text(encoding="utf-8") == printed
