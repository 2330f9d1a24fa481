from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from commdip.cli import main
from commdip.cli.validate import FORMATS

STARTS = {"sarif": "{", "junit": "<?xml", "github": "::error ", "html": "<!doctype html>"}


@pytest.mark.parametrize("form", STARTS)
def test_command_line_prints_and_writes_the_same(form, broken_package, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(broken_package)
    command = ["validate", ".", "--select", "COL04", "--format", form]
    assert main(command) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(STARTS[form]) and "fone" in printed
    assert main([*command, "--output", str(tmp_path / "report")]) == 1
    assert (tmp_path / "report").read_text(encoding="utf-8") == printed


def test_every_format_is_tried_here():
    assert set(FORMATS) == {"text", "json", *STARTS}


def test_machine_formats_can_be_read(broken_package, capsys):
    command = ["validate", str(broken_package), "--select", "COL04", "--format"]
    main([*command, "sarif"])
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    main([*command, "junit"])
    assert ET.fromstring(capsys.readouterr().out).tag == "testsuites"
