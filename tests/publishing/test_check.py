"""A release that is right passes; each that is wrong is refused for its one reason, in clear words."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from commdip.cli import main
from commdip.package import PackageError
from commdip.publishing.check import check


def wrong_date(r):
    r.edit("leaders", 0, "birth_date", "1950-13")
    r.document()


def stale_hash(r):
    r.file("leaders").write_bytes(r.file("leaders").read_bytes().replace(b",male,", b",female,", 1))
    r.document()


def dropped(r):
    r.remove("statements", "V00003")
    r.remove("evidence", "E00037")
    r.document()


def unread(r):
    r.edit("sources", 1, "accessed", "")
    r.document()


def too_low(r):
    r.text("CHANGELOG.md", "# Changelog\n")
    r.number("0.2.1")


def not_higher(r):
    r.git("checkout", "--quiet", "v0.2.0", "--", "data", "datapackage.json")
    r.text("CHANGELOG.md", "# Changelog\n")
    r.number("0.1.9")


def no_entry(r):
    r.text("CHANGELOG.md", "# Changelog\n\n## 0.2.0\n\nOld.\n\n## 10.3.0\n\nNot yet.\n")


WRONG = {
    "a finding": (wrong_date, "finding COL05", r"data/leaders.csv:2: birth_date is '1950-13': there is no month 13"),
    "a stale hash": (
        stale_hash,
        "stale hash",
        r"datapackage.json gives bytes \d+ and hash \S+ for data/leaders.csv, which has",
    ),
    "a stale codebook": (
        lambda r: r.text("docs/codebook.md", (r.root / "docs/codebook.md").read_text("utf-8") + "More.\n"),
        "stale document",
        r"docs/codebook.md is not what the data and schemas give now",
    ),
    "a version too low": (too_low, "version too low", r"Version 0.2.1 does not do for .* since 0.2.0; it takes 0.3.0"),
    "a version not higher": (not_higher, "version too low", r"Version 0.1.9 does not come after 0.2.0"),
    "no entry": (no_entry, "changelog silent", r"CHANGELOG.md has no heading with 0.3.0"),
    "no changelog": (
        lambda r: (r.root / "CHANGELOG.md").unlink(),
        "changelog silent",
        r"CHANGELOG.md does not exist; it must name 0.3.0",
    ),
    "an empty entry": (
        lambda r: r.text("CHANGELOG.md", "# Changelog\n\n## 0.3.0\n\n## 0.2.0\n\nOld.\n"),
        "changelog silent",
        r"has a heading for 0.3.0 and nothing below it",
    ),
    "an identifier dropped": (dropped, "identifier dropped", r"V00003 was in the earlier release and is gone"),
    "a source unread": (unread, "source without date read", r"1 source does not say when it was read: S00002"),
    "another version in the citation": (
        lambda r: r.text("CITATION.cff", "version: 0.2.0\n"),
        "versions disagree",
        r"CITATION.cff says 0.2.0; datapackage.json says 0.3.0",
    ),
    "no version in the code": (
        lambda r: r.text("validate/commdip/__init__.py", "\n"),
        "versions disagree",
        r"validate/commdip/__init__.py gives no version",
    ),
    "another day in the citation": (
        lambda r: r.text("CITATION.cff", "version: 0.3.0\ndate-released: 2024-01-31\n"),
        "dates disagree",
        r"released on 2024-01-31; CHANGELOG.md says 2024-02-01",
    ),
    "a version that is out": (
        lambda r: r.git("tag", "v0.3.0", "v0.2.0"),
        "version taken",
        r"Tag v0.3.0 is there already, and stands for other files",
    ),
    "a version that is out, changed": (
        lambda r: (r.git("tag", "v0.3.0"), r.text("CHANGELOG.md", "# Changelog\n\n## 0.3.0\n\nMore.\n")),
        "version taken",
        r"Tag v0.3.0 is there already",
    ),
}


def test_right_release_passes(repository):
    verdict = check(repository.root, tag="v0.3.0")
    assert verdict.refusals == []
    assert verdict.earlier.version == "0.2.0"


@pytest.mark.parametrize("name", WRONG)
def test_wrong_release_is_refused_with_its_reason(repository, name, capsys):
    make_wrong, title, words = WRONG[name]
    make_wrong(repository)
    assert main(["release", "check", str(repository.root)]) == 1
    said = capsys.readouterr().out
    titles = set(re.findall(r"^(\S.*)\n    ", said, re.MULTILINE))
    assert titles == {title}, said
    assert re.search(words, said), said
    assert re.search(r"0\.\d\.\d: refused, for \d reasons?\.$", said.strip())
    assert said.count("Fix: ") == said.count("\n    ") / 2


def test_every_rule_is_asked(repository, monkeypatch):
    """In earnest no rule is left out, the witness's neither."""
    from commdip import validation
    from commdip.publishing import check as module

    asked = []

    def listening(*arguments, **options):
        asked.append(options)
        return validation.validate(*arguments, select=("CAN",))

    monkeypatch.setattr(module, "validate", listening)
    check(repository.root)
    assert [set(options) for options in asked] == [{"against"}]


def test_tag_is_that_of_the_version(repository):
    (refusal,) = check(repository.root, tag="v0.4.0").refusals
    assert refusal.message == "The tag is v0.4.0; version 0.3.0 is released as v0.3.0."


def test_tag_at_this_commit_is_no_hindrance(repository):
    repository.git("tag", "v0.3.0")
    verdict = check(repository.root, tag="v0.3.0")
    assert (verdict.refusals, verdict.earlier.version) == ([], "0.2.0")


def test_earlier_release_may_be_named(repository, tmp_path, capsys):
    """A folder, a zip and a revision give the same verdict."""
    from commdip.export import export

    repository.git("worktree", "add", "--quiet", str(tmp_path / "old"), "v0.2.0")
    packed = export(tmp_path / "old", "csv-zip", tmp_path / "old.zip")
    too_low(repository)
    verdicts = []
    for against in (tmp_path / "old", packed, "v0.2.0"):
        assert main(["release", "check", str(repository.root), "--against", str(against), "--format", "json"]) == 1
        verdicts.append(json.loads(capsys.readouterr().out))
    assert verdicts[0] == verdicts[1] == verdicts[2]
    assert verdicts[0]["against"] == "0.2.0"
    assert [r["title"] for r in verdicts[0]["refusals"]] == ["version too low"]


def test_first_release_is_compared_with_none(repository, capsys):
    repository.git("tag", "--delete", "v0.2.0")
    assert main(["release", "check", str(repository.root)]) == 0
    assert "a first release, compared with none" in capsys.readouterr().out


def test_package_without_git_can_be_checked(repository):
    shutil.rmtree(repository.root / ".git")
    assert check(repository.root).refusals == []


def test_earlier_release_that_is_not_there_is_told(repository, capsys):
    assert main(["release", "check", str(repository.root), "--against", "v9"]) == 2
    assert "v9: neither a file or folder nor a revision" in capsys.readouterr().err


def test_script_of_the_repository_is_asked(repository):
    script = "import sys\nassert sys.argv[1:] == ['--check']\nprint('stale: docs/rules.md')\nsys.exit(1)\n"
    repository.text("scripts/docs.py", script)
    (refusal,) = check(repository.root).refusals
    assert (refusal.title, refusal.hint) == ("stale document", "Run `make docs`.")
    assert refusal.message.startswith("docs/rules.md is not")


def test_script_that_does_not_run_is_told(repository):
    repository.text("scripts/docs.py", "raise SystemExit('no such module')\n")
    with pytest.raises(PackageError, match=r"scripts/docs\.py --check failed: no such module"):
        check(repository.root)
