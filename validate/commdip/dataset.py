"""The tables of a package, and the questions that are asked of them most."""

from __future__ import annotations

import datetime
import difflib
import html
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

CLOSED = ("complete", "near-complete")
"""Completeness at which an empty roster means that nobody came."""

if TYPE_CHECKING:

    class _Tables:
        states: pd.DataFrame
        state_codes: pd.DataFrame
        organizations: pd.DataFrame
        memberships: pd.DataFrame
        leaders: pd.DataFrame
        leader_names: pd.DataFrame
        tenures: pd.DataFrame
        series: pd.DataFrame
        ceremonies: pd.DataFrame
        invitations: pd.DataFrame
        participation: pd.DataFrame
        contacts: pd.DataFrame
        contact_participants: pd.DataFrame
        statements: pd.DataFrame
        sources: pd.DataFrame
        evidence: pd.DataFrame
        coverage: pd.DataFrame
        codes: pd.DataFrame
        rank_offices: pd.DataFrame
        mode_roles: pd.DataFrame
        waivers: pd.DataFrame
        retired_ids: pd.DataFrame
else:

    class _Tables:
        """Nothing at run time: tables are found by ``__getattr__``."""


class Dataset(_Tables, Mapping[str, Any]):
    """The tables of a package as typed frames.

    Each table is an attribute and an item: ``ds.participation`` is ``ds["participation"]``.
    ``name`` and ``version`` are those of the package. Columns are pandas ``str`` (missing where a
    cell is empty), ``Int64``, ``boolean``, ordered categoricals where a vocabulary says which
    terms there are, and datetimes for the days that a date allows. With another backend all
    frames, those of the methods too, are of that library.
    """

    def __init__(
        self,
        name: str,
        version: str,
        tables: Mapping[str, pd.DataFrame],
        *,
        backend: str = "pandas",
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.version, self.backend = name, version, backend
        self._about = dict(about or {})
        self._pandas = dict(tables)
        self._shown = {n: self._as(t) for n, t in tables.items()} if backend != "pandas" else self._pandas

    def __getitem__(self, table: str) -> Any:
        return self._shown[table]

    def __getattr__(self, table: str) -> Any:
        shown = self.__dict__.get("_shown", {})
        if table in shown:
            return shown[table]
        raise AttributeError(f"the package has no table {table!r}; it has {', '.join(shown)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._shown]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._shown)

    def __repr__(self) -> str:
        rows = "\n".join(f"  {n:<21}{len(t):>7,} rows" for n, t in self._pandas.items())
        return f"<{self.name} {self.version}: {len(self)} tables>\n{rows}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{html.escape(n)}</code></td><td>{len(t):,}</td></tr>" for n, t in self._pandas.items()
        )
        head = f"<b>{html.escape(self.name)} {html.escape(self.version)}</b>"
        return f"{head}<table><tr><th>table</th><th>rows</th></tr>{rows}</table>"

    def _as(self, frame: pd.DataFrame) -> Any:
        """Turn a pandas frame into one of the backend."""
        if self.backend == "polars":
            import polars

            return polars.from_pandas(frame)
        if self.backend == "arrow":
            import pyarrow

            return pyarrow.Table.from_pandas(frame, preserve_index=False)
        if self.backend != "pandas":
            raise ValueError(f"no backend {self.backend!r}; there are pandas, polars and arrow")
        return frame

    def roster(self, ceremony: str | int) -> Any:
        """Return who came to a ceremony, or was expected there.

        Takes a ceremony's id or a year. Returns the columns of schemas/derived/roster.json, by
        rank and party. Raises KeyError if there is no such ceremony, or several in that year.
        """
        t = self._pandas
        edition = self._ceremony(ceremony)
        rows = t["participation"][t["participation"]["ceremony_id"] == edition["ceremony_id"]]
        made = _named(rows, t)
        replaced = t["participation"].set_index("participation_id")["leader_id"].map(_names(t["leaders"], "leader_id"))
        made["stands_in_for"] = rows["stands_in_for"].map(replaced).astype("str")
        made["title"] = self._titles(rows, edition)
        claims = self._claims("participation")
        backed = claims[claims["stance"] == "supports"].groupby("record_id")["root"].nunique()
        made["origins"] = rows["participation_id"].map(backed).fillna(0).astype("Int64")
        against = set(claims.loc[claims["stance"] == "contradicts", "record_id"])
        made["contradicted"] = rows["participation_id"].isin(against).astype("boolean")
        order = [
            "participation_id",
            "state_id",
            "organization_id",
            "party",
            "leader_id",
            "leader",
            "rank",
            "title",
            "capacity",
            "outcome",
            "segments",
            "stands_in_for",
            "origins",
            "contradicted",
        ]
        return self._as(made.sort_values(["rank", "party", "leader"], kind="stable")[order].reset_index(drop=True))

    def panel(self, *, blocs: Sequence[str] = ("cis", "csto", "eaeu", "eu", "nato"), codes: Sequence[str] = ()) -> Any:
        """Return every state at every ceremony.

        ``blocs`` are organizations for which a column ``in_X`` says whether the state was a member
        (of status member) on the day; ``codes`` are schemes of state_codes.csv, each a column with
        the code valid on the day. Returns the columns of schemas/derived/panel.json and those.
        The host is left out, and so are states that did not exist. Raises KeyError if there is no
        such bloc or scheme.
        """
        grid = self._grid()
        for part in (self._invited(), self._came(), self._covered()):
            grid = grid.merge(part, how="left")
        grid["attended"] = _known_no(grid["attended"], grid["attendance_coverage"])
        grid["contingent"] = _known_no(grid["contingent"], grid["contingents_coverage"])
        grid["invited"] = _known_no(grid["invited"], grid["invitations_coverage"], ("complete",))
        for flag in ("absent", "substitute"):
            grid[flag] = _known_no(grid[flag], grid["attendance_coverage"])
        for bloc in blocs:
            grid[f"in_{bloc}"] = self._members(grid, bloc)
        for scheme in codes:
            grid[scheme] = self._codes(grid, scheme)
        order = [
            "ceremony_id",
            "year",
            "state_id",
            "state",
            "invited",
            "response",
            "reason",
            "attended",
            "rank",
            "absent",
            "substitute",
            "contingent",
            "attendance_coverage",
            "invitations_coverage",
            "contingents_coverage",
        ]
        return self._as(grid[[*order, *(f"in_{b}" for b in blocs), *codes]])

    def dyads(self, by: Literal["year", "ceremony"] = "year") -> Any:
        """Return how often each pair of states was in contact, in all and by mode.

        A contact with a host or sender pairs it with every other party; one without pairs all. A
        mode is 0 only where contacts were looked for completely or nearly so, otherwise missing.
        Returns the columns of schemas/derived/dyads.json. Raises ValueError for another ``by``.
        """
        if by not in ("year", "ceremony"):
            raise ValueError(f"by is 'year' or 'ceremony', not {by!r}")
        t = self._pandas
        parties = t["contact_participants"].merge(
            t["contacts"][["contact_id", "mode", "start", "ceremony_id"]], on="contact_id"
        )
        parties = parties.dropna(subset=["state_id"]).drop_duplicates(["contact_id", "state_id"])
        parties["period"] = parties["start"].str[:4] if by == "year" else parties["ceremony_id"]
        parties["leads"] = parties["role"].isin(["host", "sender"])
        pairs = parties.merge(parties, on=["contact_id", "mode", "period"], suffixes=("_a", "_b"))
        led = parties.groupby("contact_id")["leads"].any()
        pairs = pairs[
            (pairs["state_id_a"] < pairs["state_id_b"])
            & (~pairs["contact_id"].map(led) | pairs["leads_a"] | pairs["leads_b"])
        ]
        counts = (
            pairs.groupby(["period", "state_id_a", "state_id_b", "mode"], observed=False)
            .size()
            .unstack("mode", fill_value=0)
        )
        counts = counts[counts.sum(axis=1) > 0]
        counts.columns = [str(mode).replace("-", "_") for mode in counts.columns]
        counts.insert(0, "contacts", counts.sum(axis=1))
        counts = counts.astype("Int64")
        coverage = (
            counts.index.get_level_values("period").to_series(index=counts.index).map(self._contacts_coverage(by))
        )
        for mode in counts.columns.drop("contacts"):
            counts[mode] = counts[mode].mask(counts[mode].eq(0) & ~coverage.isin(list(CLOSED)))
        counts["contacts_coverage"] = coverage.astype(t["coverage"]["completeness"].dtype)
        return self._as(counts.reset_index().rename(columns={"state_id_a": "state_a", "state_id_b": "state_b"}))

    def office_holders(self, on: str | datetime.date, office: str = "head-of-state") -> Any:
        """Return who held an office on a day, in every state and organization.

        Takes a day (ISO text or a date) and a term of the vocabulary office. Returns the columns
        of schemas/derived/office_holders.json. Raises ValueError if the day is none, KeyError if
        there is no such office.
        """
        t = self._pandas
        if office not in t["tenures"]["office"].cat.categories:
            raise KeyError(f"no office {office!r}; there are {', '.join(t['tenures']['office'].cat.categories)}")
        day = pd.Timestamp(on)
        rows = t["tenures"][t["tenures"]["office"] == office]
        rows = rows[~(rows["start_earliest"] > day) & ~(rows["end_latest"] < day)].copy()
        surely = (rows["start_latest"] <= day) & (rows["end"].isna() | (rows["end_earliest"] >= day))
        rows["certain"] = surely.astype("boolean")
        rows["leader"] = rows["leader_id"].map(_names(t["leaders"], "leader_id"))
        order = [
            "tenure_id",
            "state_id",
            "organization_id",
            "leader_id",
            "leader",
            "office",
            "title",
            "start",
            "end",
            "effective",
            "certain",
        ]
        return self._as(
            rows.sort_values(["state_id", "organization_id", "start"], kind="stable")[order].reset_index(drop=True)
        )

    def evidence_for(self, record_id: str) -> Any:
        """Return what sources say of a row.

        Takes the row's id (``P00001``; for a composite key its parts joined by slashes). Returns
        the columns of schemas/derived/evidence_for.json, support first. Raises KeyError if
        nothing is said of such a row.
        """
        t = self._pandas
        claims = self._claims()
        claims = claims[claims["record_id"] == record_id]
        if claims.empty:
            raise KeyError(f"no evidence is about a row {record_id!r}")
        sources = t["sources"][["source_id", "publisher_kind", "published", "title", "url"]]
        order = [
            "evidence_id",
            "stance",
            "field",
            "reported_value",
            "note",
            "source_id",
            "publisher",
            "publisher_kind",
            "published",
            "title",
            "url",
            "root",
        ]
        made = claims.merge(sources, on="source_id", how="left").sort_values(["stance", "published"], kind="stable")
        return self._as(made[order].reset_index(drop=True))

    def find_leader(self, text: str, *, most: int = 5) -> Any:
        """Return the leaders whose spellings come nearest to a text.

        Accents, scripts and the order of the parts do not matter. Returns at most ``most`` rows
        with the columns of schemas/derived/find_leader.json, best first; none scores below 0.5.
        """
        t = self._pandas
        names = pd.concat(
            [t["leader_names"][["leader_id", "name"]], t["leaders"][["leader_id", "name"]]]
        ).drop_duplicates()
        wanted = _plain(text)
        names["score"] = [_likeness(wanted, _plain(name)) for name in names["name"]]
        best = names[names["score"] >= 0.5].sort_values(["score", "leader_id"], ascending=[False, True], kind="stable")
        best = best.drop_duplicates("leader_id").head(most).rename(columns={"name": "matched"})
        best.insert(1, "leader", best["leader_id"].map(_names(t["leaders"], "leader_id")))
        return self._as(best.reset_index(drop=True))

    def cite(self) -> str:
        """Return how to cite this version, as text and as BibTeX; both follow the descriptor."""
        from commdip.citation import bibtex, text

        return f"{text(self._about)}\n\n{bibtex(self._about)}"

    def _ceremony(self, ceremony: str | int) -> pd.Series[Any]:
        """Return the row of a ceremony."""
        rows = self._pandas["ceremonies"]
        column = "year" if isinstance(ceremony, int) else "ceremony_id"
        found = rows[rows[column] == ceremony]
        if len(found) != 1:
            raise KeyError(
                f"{len(found) or 'no'} ceremonies with {column} {ceremony!r}; there are {', '.join(rows['ceremony_id'])}"
            )
        return found.iloc[0]

    def _claims(self, table: str | None = None) -> pd.DataFrame:
        """Return evidence with the publisher of each source and the one its text goes back to."""
        sources = self._pandas["sources"]
        first = sources.set_index("source_id")["publisher"]
        root = sources["origin_source_id"].map(first).fillna(sources["origin_publisher"]).fillna(sources["publisher"])
        known = sources[["source_id", "publisher"]].assign(root=root)
        rows = self._pandas["evidence"]
        return (rows if table is None else rows[rows["record_table"] == table]).merge(known, on="source_id", how="left")

    def _titles(self, rows: pd.DataFrame, edition: pd.Series[Any]) -> pd.Series[Any]:
        """Return the title of the office that gives each row its rank."""
        t = self._pandas
        spells = t["tenures"][
            ~(t["tenures"]["start_earliest"] > edition["end_latest"])
            & ~(t["tenures"]["end_latest"] < edition["start_earliest"])
        ]
        gives = t["rank_offices"].assign(
            rank=t["rank_offices"]["rank"].astype("str"), office=t["rank_offices"]["office"].astype("str")
        )
        spells = spells.assign(office=spells["office"].astype("str")).merge(gives, on="office")
        keys = {}
        for spell in spells.sort_values("start", na_position="first").to_dict("records"):
            keys[(spell["leader_id"], _or(spell["state_id"], spell["organization_id"]), spell["rank"])] = spell["title"]
        wanted = zip(
            rows["leader_id"], rows["state_id"], rows["organization_id"], rows["rank"].astype("str"), strict=True
        )
        return pd.Series(
            [keys.get((leader, _or(state, org), rank)) for leader, state, org, rank in wanted],
            index=rows.index,
            dtype="str",
        )

    def _grid(self) -> pd.DataFrame:
        """Return every ceremony with every state that existed then, without the host."""
        t = self._pandas
        editions = t["ceremonies"][["ceremony_id", "year", "host_state_id", "start_earliest", "end_latest"]]
        states = t["states"][["state_id", "name", "exists_from_earliest", "exists_to_latest"]].rename(
            columns={"name": "state"}
        )
        grid = editions.merge(states, how="cross")
        gone = (grid["exists_from_earliest"] > grid["end_latest"]) | (grid["exists_to_latest"] < grid["start_earliest"])
        return (
            grid[~gone & (grid["state_id"] != grid["host_state_id"])]
            .sort_values(["ceremony_id", "state_id"])
            .reset_index(drop=True)
        )

    def _invited(self) -> pd.DataFrame:
        """Return by ceremony and state whether an invitation is known, and the last answer."""
        rows = (
            self._pandas["invitations"]
            .dropna(subset=["invited_state_id"])
            .rename(columns={"invited_state_id": "state_id"})
        )
        rows = rows.assign(
            invited=(rows["status"] == "extended").astype("boolean"),
            weight=rows["response"].notna() & (rows["response"] != "none-reported"),
        )
        rows = rows.sort_values(["weight", "responded_on_latest"], na_position="first", kind="stable")
        keys = ["ceremony_id", "state_id"]
        last = rows.drop_duplicates(keys, keep="last")[[*keys, "response", "reason"]]
        return last.merge(rows.groupby(keys)["invited"].any().astype("boolean").reset_index(), on=keys)

    def _came(self) -> pd.DataFrame:
        """Return by ceremony and state who came, in what rank, and whether troops marched."""
        rows = self._pandas["participation"].dropna(subset=["state_id"])
        keys = ["ceremony_id", "state_id"]
        there, troops = rows["outcome"] == "attended", rows["rank"] == "contingent"
        flags = rows[keys].assign(
            attended=there & ~troops,
            absent=(rows["outcome"] == "absent") & ~troops,
            substitute=there & (rows["capacity"] == "substitute"),
            contingent=there & troops,
        )
        # What no row says is not known to be false; that is for the coverage to decide.
        known = flags.groupby(keys).any().astype("boolean")
        made = known.mask(~known).reset_index()
        highest = rows[there & ~troops].sort_values("rank", kind="stable").drop_duplicates(keys)[[*keys, "rank"]]
        return made.merge(highest, on=keys, how="left")

    def _covered(self) -> pd.DataFrame:
        """Return by ceremony how completely each topic was looked for."""
        rows = self._pandas["coverage"]
        topics = {topic: rows[rows["topic"] == topic] for topic in ("attendance", "invitations", "contingents")}
        made = self._pandas["ceremonies"][["ceremony_id"]]
        for topic, part in topics.items():
            made = made.merge(
                part[["ceremony_id", "completeness"]].rename(columns={"completeness": f"{topic}_coverage"}), how="left"
            )
        return made

    def _contacts_coverage(self, by: str) -> dict[str, str]:
        """Return how completely contacts were looked for, at the least, by year or by ceremony."""
        rows = self._pandas["coverage"]
        rows = rows[rows["topic"] == "contacts"].merge(self._pandas["ceremonies"][["ceremony_id", "year"]])
        period = rows["year"].astype("str") if by == "year" else rows["ceremony_id"]
        # The vocabulary's order is from complete to none.
        least = rows.groupby(period)["completeness"].max().dropna()
        return {str(name): str(value) for name, value in least.items()}

    def _members(self, grid: pd.DataFrame, bloc: str) -> pd.Series[Any]:
        """Return whether each state was a member of a bloc on the day."""
        rows = self._pandas["memberships"]
        if bloc not in set(rows["organization_id"]):
            raise KeyError(f"no memberships of {bloc!r}; there are {', '.join(sorted(set(rows['organization_id'])))}")
        rows = rows[(rows["organization_id"] == bloc) & (rows["status"] == "member")]
        return _covers(grid, rows, "start", "end").notna().astype("boolean")

    def _codes(self, grid: pd.DataFrame, scheme: str) -> pd.Series[Any]:
        """Return the code of each state in a scheme on the day."""
        rows = self._pandas["state_codes"]
        if scheme not in set(rows["scheme"]):
            raise KeyError(f"no codes of {scheme!r}; there are {', '.join(sorted(set(rows['scheme'])))}")
        return _covers(grid, rows[rows["scheme"] == scheme], "valid_from", "valid_to", "code")


def _covers(grid: pd.DataFrame, rows: pd.DataFrame, start: str, end: str, value: str = "state_id") -> pd.Series[Any]:
    """Return for each row of the grid the value of the row that covers its day, missing if none does."""
    both = (
        grid[["state_id", "start_earliest"]]
        .reset_index()
        .merge(
            rows[list({"state_id", f"{start}_earliest", f"{end}_latest", value})], on="state_id", suffixes=("", "_row")
        )
    )
    first = f"{start}_earliest_row" if f"{start}_earliest_row" in both else f"{start}_earliest"
    there = both[(both[first] <= both["start_earliest"]) & ~(both[f"{end}_latest"] < both["start_earliest"])]
    return there.drop_duplicates("index").set_index("index")[value].reindex(grid.index).astype("str")


def _known_no(flag: pd.Series[Any], coverage: pd.Series[Any], closed: Sequence[str] = CLOSED) -> pd.Series[Any]:
    """Turn a missing flag into False where the search was complete enough to know."""
    return flag.astype("boolean").mask(flag.isna() & coverage.isin(list(closed)), False)


def _named(rows: pd.DataFrame, t: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return rows of participation with the names of party and person."""
    party = (
        rows["state_id"]
        .map(_names(t["states"], "state_id"))
        .fillna(rows["organization_id"].map(_names(t["organizations"], "organization_id")))
    )
    return rows.assign(party=party, leader=rows["leader_id"].map(_names(t["leaders"], "leader_id")))


def _names(table: pd.DataFrame, key: str) -> pd.Series[Any]:
    return table.set_index(key)["name"]


def _or(first: Any, second: Any) -> Any:
    return second if pd.isna(first) else first


def _plain(text: str) -> str:
    """Return a name in lower-case ASCII, its parts sorted: scripts, accents and order do not matter."""
    from anyascii import anyascii

    letters = "".join(c if c.isalpha() else " " for c in anyascii(text).lower())
    return " ".join(sorted(letters.split()))


def _likeness(wanted: str, name: str) -> float:
    """Return how alike two plain names are: as wholes, or the wanted parts to their nearest parts."""
    parts, others = wanted.split(), name.split()
    if not parts or not others:
        return 0.0
    whole = difflib.SequenceMatcher(None, wanted, name).ratio()
    nearest = [max(difflib.SequenceMatcher(None, p, o).ratio() for o in others) for p in parts]
    # A family name alone finds its bearers, a little below a full match.
    return max(whole, 0.97 * sum(nearest) / len(nearest) if len(parts) <= len(others) else 0.0)
