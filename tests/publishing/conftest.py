"""A repository of a small package: one release that is out, and the next, right in everything."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Pack

from commdip import validation
from commdip.codebook.page import codebook
from commdip.package import open_package
from commdip.publishing import check

BASE = Path(__file__).parents[1] / "bad" / "base"


class Repository(Pack):
    """A package in a git repository, with the files that repeat its version."""

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def text(self, name: str, content: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(content, "utf-8")

    def number(self, version: str, day: str = "2024-02-01") -> None:
        """Give everything a version, as a maintainer does."""
        self.descriptor(lambda d: d.update(version=version))
        self.text("CITATION.cff", f'cff-version: 1.2.0\ntitle: T\nversion: {version}\ndate-released: "{day}"\n')
        self.text("validate/commdip/__init__.py", f'__version__ = "{version}"\n')
        if version not in (self.root / "CHANGELOG.md").read_text("utf-8"):
            self.text("CHANGELOG.md", f"# Changelog\n\n## {version} ({day})\n\nMore lanterns.\n\n## 0.0.9\n\nOld.\n")
        self.document()

    def document(self) -> None:
        """Write the codebook anew."""
        self.text("docs/codebook.md", codebook(open_package(self.root), check.GENERATED))

    def remove(self, table: str, key: str) -> None:
        self.put(table, [row for row in self.rows(table) if row[0] != key])


@pytest.fixture(scope="session")
def next_release(tmp_path_factory) -> Path:
    """The folder of the repository."""
    root = tmp_path_factory.mktemp("publishing") / "repository"
    shutil.copytree(BASE, root)
    repository = Repository(root)
    repository.number("0.2.0", "2024-01-01")
    repository.git("init", "--quiet")
    repository.commit("first")
    repository.git("tag", "v0.2.0")
    place = [row[0] for row in repository.rows("leaders")].index("test-dana") - 1
    repository.edit("leaders", place, "gender", "male")
    repository.number("0.3.0")
    repository.commit("second")
    return root


@pytest.fixture
def repository(next_release: Path, tmp_path: Path) -> Repository:
    """A copy of the repository, to be made wrong."""
    return Repository(shutil.copytree(next_release, tmp_path / "repository"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The rules have their own tests: those do that a release is refused for here."""
    quick = functools.partial(validation.validate, select=("FIL", "COL", "CAN", "REL"))
    monkeypatch.setattr(check, "validate", quick)
