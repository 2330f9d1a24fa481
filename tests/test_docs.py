"""The documents: generated ones are fresh, commands run, subcommands are described, links lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from commdip.catalogue import EXAMPLES, entries, explain
from commdip.cli import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
COMMAND_DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN_WITH_THEIR_SNIPPETS = ROOT / "docs" / "use.md"  # by test_use.py
SHELLS = ("bash", "sh", "shell", "console")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs", ROOT / "scripts" / "docs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs"] = module
    spec.loader.exec_module(module)
    return module


docs = _load()


def fences(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and body of the fenced blocks of a document that are not marked as not run."""
    end = 0
    for fence in docs.FENCE.finditer(text):
        mark = docs.MARK.search(text[end : fence.start()])
        if not (mark and mark["what"] == "not run"):
            yield fence["language"], fence["body"]
        end = fence.end()


def documented_commands() -> list[str]:
    """Return every `commdip ...` command in a fenced block of README and docs, save pages that are run whole."""
    found = []
    for file in COMMAND_DOCUMENTS:
        if file in (*docs.PAGES, RUN_WITH_THEIR_SNIPPETS):
            continue
        for language, body in fences(file.read_text("utf-8")):
            lines = body.replace("\\\n", " ").splitlines() if language in SHELLS else []
            found += [line.removeprefix("$ ").strip() for line in lines if re.match(r"(\$ )?commdip ", line)]
    return list(dict.fromkeys(found))


# Generated documents


def test_every_rule_has_a_bad_example() -> None:
    assert docs.examples()[1] == []


@pytest.mark.parametrize(
    "file", ["docs/rules.md", "docs/codebook.md", "docs/methodology.md", "validate/commdip/examples.json"]
)
def test_generated_document_is_fresh(file: str) -> None:
    due = docs.documents(docs.examples()[0])[ROOT / file]
    assert (ROOT / file).read_text("utf-8") == due, f"{file} is stale: run `make docs`"


@pytest.mark.parametrize("page", docs.PAGES, ids=lambda p: p.name)
def test_page_can_be_followed(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    assert docs.run_page(text, tmp_path / "page") == text, f"{page.name} shows other output: run `make docs`"


def test_own_data_page_ends_with_a_passing_check() -> None:
    text = docs.PAGES[0].read_text("utf-8")
    assert re.search(
        r"\$ commdip validate \. --fail-on warning\n(?:.*\n)*?lantern-night .*: valid\. .* No findings\.\n", text
    )


def test_explain_shows_the_example() -> None:
    found = json.loads(EXAMPLES.read_text("utf-8"))
    assert found
    for code, example in found.items():
        shown = " ".join(explain(code).split())
        assert " ".join(f"Example: {example['place']} {example['message']}".split()) in shown
        assert shown.index("Why:") < shown.index("Example:") < shown.index("Fix:")


def test_catalogue_has_a_section_for_every_rule() -> None:
    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    for rule in entries():
        assert f"### {rule.code} {rule.name}\n\n**{rule.severity.capitalize()}.** {rule.statement}\n" in text
        assert rule.reads, f"{rule.code} does not say what it reads"


def test_rule_without_its_folder_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "BAD", tmp_path)
    monkeypatch.setattr(docs, "documents", lambda found: {})
    monkeypatch.setattr(docs, "pages", dict)
    monkeypatch.setattr(sys, "argv", ["docs.py", "--check"])
    assert docs.main() == 1
    assert "tests/bad/KEY01-primary-key does not exist" in capsys.readouterr().err


def test_stale_document_is_told_and_not_written(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("old\n")
    assert docs.renew(file, "new\n", check=True)
    assert file.read_text() == "old\n"
    assert docs.renew(file, "new\n", check=False)
    assert not docs.renew(file, "new\n", check=False)


# Pages that are run


def test_run_page_writes_files_and_outputs(tmp_path: Path) -> None:
    text = "<!-- file: a/b.txt -->\n```text\nhello\n```\n\n```console\n$ cat a/b.txt\nold output\n$ true\n```\n"
    assert docs.run_page(text, tmp_path / "page") == text.replace("old output", "hello")
    assert (tmp_path / "page" / "a" / "b.txt").read_text() == "hello\n"


def test_run_page_knows_exit_codes(tmp_path: Path) -> None:
    block = "```console\n$ exit 3\n```\n"
    assert docs.run_page(f"<!-- exit: 3 -->\n{block}", tmp_path / "page").endswith(block)
    with pytest.raises(RuntimeError, match="ended with 3"):
        docs.run_page(block, tmp_path / "other")


def test_run_page_leaves_out_what_is_not_to_be_run(tmp_path: Path) -> None:
    text = "<!-- not run -->\n```console\n$ touch there\n```\n"
    assert docs.run_page(text, tmp_path / "page") == text
    assert not (tmp_path / "page" / "there").exists()


# Commands, subcommands, links


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package to run documented commands in."""
    root = tmp_path_factory.mktemp("documented") / "copy"
    for part in ("data", "schemas"):
        shutil.copytree(ROOT / part, root / part)
    for name in ("datapackage.json", "CHANGELOG.md"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, root)
    # Some commands compare with a revision.
    git = ["git", "-c", "user.name=docs", "-c", "user.email=docs@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *command], cwd=root, check=True)
    return root


def test_commands_are_documented() -> None:
    assert documented_commands()


@pytest.mark.parametrize("command", documented_commands())
def test_documented_command_runs(command: str, folder: Path) -> None:
    code, output = docs.run(command, folder)
    assert code in (0, 1), output
    assert "Traceback" not in output


@pytest.mark.parametrize("name", COMMANDS)
def test_subcommand_is_documented(name: str) -> None:
    blocks = [body for file in COMMAND_DOCUMENTS for _, body in fences(file.read_text("utf-8"))]
    assert any(re.search(rf"^(\$ )?commdip {name}\b", body, re.MULTILINE) for body in blocks)


def links() -> list[tuple[Path, str]]:
    """Return the links of all documents that lead into the repository."""
    found = []
    for file in DOCUMENTS:
        text = re.sub(r"`[^`\n]*`", "", docs.FENCE.sub("", file.read_text("utf-8")))
        targets = re.findall(r"\]\(([^)\s]+)\)", text)
        found += [(file, t) for t in targets if not re.match(r"[a-z]+:", t)]
    return list(dict.fromkeys(found))


def test_links_lead_somewhere() -> None:
    broken = []
    for file, target in links():
        path, _, anchor = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        if not there.exists() or not there.is_relative_to(ROOT):
            broken.append(f"{file.name}: {target} (no such file)")
        elif anchor and anchor not in anchors(there):
            broken.append(f"{file.name}: {target} (no such heading)")
    assert broken == []


def anchors(file: Path) -> set[str]:
    """Return the anchors of the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", docs.FENCE.sub("", file.read_text("utf-8")), re.MULTILINE)
    return {docs.anchor(h.replace("`", "")) for h in headings}
