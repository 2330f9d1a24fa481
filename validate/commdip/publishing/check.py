"""What speaks against releasing a package as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from commdip import release
from commdip.codebook.page import codebook
from commdip.diff import open_version
from commdip.findings import ERROR, Finding, Report
from commdip.package import Package, PackageError, open_package
from commdip.publishing import repository
from commdip.rules.files import DIGEST
from commdip.rules.release import BUMP, CHANGELOG, DROPPED
from commdip.structure import read_package
from commdip.validation import validate

TITLES = {
    DIGEST.code: "stale hash",
    DROPPED.code: "identifier dropped",
    BUMP.code: "version too low",
    CHANGELOG.code: "changelog silent",
}
"""What a refusal is called that comes from these rules; from any other it is a finding."""
GENERATED = "<!-- Written by scripts/docs.py; do not edit. -->"
VERSIONS = {
    "CITATION.cff": re.compile(r"^version:\s*[\"']?([^\"'\s#]+)", re.MULTILINE),
    "validate/commdip/__init__.py": re.compile(r"^__version__ = \"([^\"]+)\"", re.MULTILINE),
}
"""Files beside the descriptor that repeat the version, and how each says it."""
RELEASED_ON = re.compile(r"^date-released:\s*[\"']?([0-9-]+)", re.MULTILINE)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Refusal:
    """One thing that speaks against a release: what it is called, what is wrong, how to mend it."""

    title: str
    message: str
    hint: str


@dataclass
class Verdict:
    """What a check has found; ``earlier`` is the release that was compared with, None if there is none."""

    package: Package
    earlier: Package | None
    refusals: list[Refusal] = field(default_factory=list)


def check(path: str | Path = ".", *, against: str | Path | None = None, tag: str | None = None) -> Verdict:
    """Return what speaks against releasing a package.

    Takes the folder of the package, and the earlier release to compare with: a folder, a zip or a
    revision; without one, the last tag ``vX.Y.Z`` of the folder's git repository. ``tag`` is the
    tag under which it is about to be released. Raises PackageError if one of them cannot be opened.
    """
    package = open_package(path)
    against = against or repository.last_release(package.root, package.version)
    earlier = open_version(against, package.root) if against else None
    verdict = Verdict(package, earlier)
    report = validate(package.root, against=earlier.root if earlier else None)
    verdict.refusals += [
        *_findings(report),
        *_unread_sources(package),
        *_versions(package),
        *_changelog(package),
        *_numbering(package, earlier, tag),
        *_documents(package),
    ]
    return verdict


def _findings(report: Report) -> Iterator[Refusal]:
    """Yield what validation says: errors, and hashes that are not those of the files."""
    for finding in report.findings:
        if (finding.severity == ERROR or finding.rule in TITLES) and not _is_unread(finding):
            title = TITLES.get(finding.rule, f"finding {finding.rule}")
            yield Refusal(title, _placed(finding), finding.hint)


def _placed(finding: Finding) -> str:
    """Return what a finding says, with its place unless it names that itself."""
    where = ":".join(str(part) for part in (finding.path, finding.line) if part)
    return finding.message if finding.message.startswith(where) else f"{where}: {finding.message}"


def _is_unread(finding: Finding) -> bool:
    return (finding.table, finding.column, finding.value) == ("sources", "accessed", None)


def _unread_sources(package: Package) -> Iterator[Refusal]:
    """Yield a refusal if sources do not say when they were read."""
    sources = read_package(package)[0].get("sources")
    unread = [sources.key(r) for r in range(len(sources.records)) if not sources.cell(r, "accessed")] if sources else []
    if unread:
        many = f"{len(unread)} source{' does' if len(unread) == 1 else 's do'}"
        shown = ", ".join(unread[:10]) + (", ..." if len(unread) > 10 else "")
        yield Refusal(
            "source without date read",
            f"{many} not say when it was read: {shown}.",
            "Fill in the column accessed; what nobody has read is no source.",
        )


def _versions(package: Package) -> Iterator[Refusal]:
    """Yield files that give another version than the descriptor."""
    for name, pattern in VERSIONS.items():
        file = package.file(name)
        if not file.is_file():
            continue
        said = pattern.search(file.read_text(encoding="utf-8"))
        if not said or said[1] != package.version:
            what = f"says {said[1]}" if said else "gives no version"
            yield Refusal(
                "versions disagree",
                f"{name} {what}; datapackage.json says {package.version}.",
                f"Give {name} the version of the descriptor, or the descriptor its.",
            )


def _changelog(package: Package) -> Iterator[Refusal]:
    """Yield what the changelog lacks that validation does not look for."""
    if not package.file("CHANGELOG.md").is_file():
        for finding in release.changelog(package):
            yield Refusal(TITLES[CHANGELOG.code], finding.message, finding.hint)
        return
    entry, citation = release.entry(package), package.file("CITATION.cff")
    if entry is None:
        return
    if not entry[1]:
        yield Refusal(
            TITLES[CHANGELOG.code],
            f"CHANGELOG.md has a heading for {package.version} and nothing below it.",
            "Say below it what changed.",
        )
    day = DAY.search(entry[0])
    cited = RELEASED_ON.search(citation.read_text(encoding="utf-8")) if citation.is_file() else None
    if day and cited and day[0] != cited[1]:
        yield Refusal(
            "dates disagree",
            f"CITATION.cff says that it was released on {cited[1]}; CHANGELOG.md says {day[0]}.",
            "Give both the day of the release.",
        )


def _numbering(package: Package, earlier: Package | None, tag: str | None) -> Iterator[Refusal]:
    """Yield a number that is taken already, or is not that of the tag."""
    version = package.version
    if earlier and release.parts(version) <= release.parts(earlier.version):
        yield Refusal(
            TITLES[BUMP.code],
            f"Version {version} does not come after {earlier.version}, that of the earlier release.",
            "A release has a number of its own, even if only documents or the toolkit changed.",
        )
    if repository.is_taken(package.root, version):
        yield Refusal(
            "version taken",
            f"Tag {repository.tag_of(version)} is there already, and stands for other files.",
            "A version that is out does not change: take the next one.",
        )
    if tag is not None and tag != repository.tag_of(version):
        yield Refusal(
            "tag disagrees",
            f"The tag is {tag}; version {version} is released as {repository.tag_of(version)}.",
            "Correct the version, or the tag.",
        )


def _documents(package: Package) -> Iterator[Refusal]:
    """Yield generated documents that are not what they would be if written now."""
    script, page = package.file("scripts/docs.py"), package.file("docs/codebook.md")
    if script.is_file():
        stale = list(_stale(script))
    elif page.is_file() and GENERATED in page.read_text(encoding="utf-8"):
        stale = ["docs/codebook.md"] if page.read_text(encoding="utf-8") != codebook(package, GENERATED) else []
    else:
        return
    for name in stale:
        yield Refusal("stale document", f"{name} is not what the data and schemas give now.", "Run `make docs`.")


def _stale(script: Path) -> Iterator[str]:
    """Yield what the repository's own script says is stale; raises PackageError if it does not run."""
    done = subprocess.run(
        [sys.executable, str(script), "--check"], cwd=script.parents[1], capture_output=True, text=True, check=False
    )
    stale = re.findall(r"^stale: (.+)$", done.stdout, re.MULTILINE)
    if done.returncode and not stale:
        words = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
        raise PackageError(f"scripts/docs.py --check failed: {words}")
    yield from stale
