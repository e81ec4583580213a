"""Two days of the tiny economy: what changed between their vintages, and how much of it each cause explains, by hand.

On the second day F2 has left the cluster, F5 and F7 have corrected their accounts (300 and 100 became 100 and 300, so
that no calibration factor moves), a person confirms that the sixth member is F10 (a record linked by name with
probability p before), and national accounts revise the GVA of the economy from 6600 to 7000. In percentage points of
N1, in the order of swapping:

    first vintage                (1540 + 550 p) / 6600
    membership   - 330 / 6600                           = -5
    accounts     - 220 / 6600                           = -3 1/3
    links        + 550 (1 - p) / 6600
    national     1540 / 7000 - 1540 / 6600              = -1 1/3
    second vintage                                      = 22 %
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from assets.access.release import publish
from assets.catalogue import TABLES
from assets.workshop import Workshop
from methods.revisions import METHOD
from pipelines.explain import CAUSES, CLASSIFICATIONS, Explanation, explain
from pipelines.vintage_commands import explain as explain_command
from pipelines.vintage_commands import revisions as revisions_command
from pipelines.vintage_difference import cell_changes, changed_sources, share_revisions
from pipelines.vintage_words import paragraph
from pipelines.vintages import print_difference
from publication.revisions import published_shares, revision_summary
from resources.errors import CoopgvaError
from resources.lake import Vintage
from resources.publications import publication_log
from tests.economy.refreshing import refresh
from tests.economy.tiny import ACCOUNT_HEADER, FIRMS, account, write_csv

FIRST_DAY = dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC)
SECOND_DAY = FIRST_DAY + dt.timedelta(days=1)
DECISIONS = {
    "id": "decisions",
    "table": "link_decision",
    "format": "csv",
    "url": "decisions/decisions.csv",
    "options": {"allow_empty": True},
}


class Days:
    """A home with two published vintages."""

    def __init__(self, home: Path) -> None:
        shop, _ = refresh(home, "first day")
        self.first = publish(shop, now=FIRST_DAY).vintage
        identity = pd.read_parquet(
            shop.lake.path("integration.firm_identity", shop.key("integration.firm_identity")),
            columns=["record_id", "legal_unit_id"],
        )
        self._change(home, str(identity.set_index("legal_unit_id").loc["F10", "record_id"]))
        self.shop, _ = refresh(home, "second day")
        self.second = publish(self.shop, now=SECOND_DAY).vintage

    @staticmethod
    def _change(home: Path, record: str) -> None:
        deliveries = home / "deliveries"
        members = deliveries / "cluster_memberships.csv"
        lines = members.read_text(encoding="utf-8").splitlines(keepends=True)
        members.write_text("".join(line for line in lines if " F2 " not in line), encoding="utf-8")
        values = {firm: value for firm, (_, _, value) in FIRMS.items()} | {"F5": 100.0, "F7": 300.0}
        write_csv(deliveries / "annual_accounts.csv", ACCOUNT_HEADER, [account(f, v) for f, v in values.items()])
        national = deliveries / "national_accounts.csv"
        text = national.read_text(encoding="utf-8").replace(",6600,", ",7000,").replace(",4000,", ",4400,")
        national.write_text(text, encoding="utf-8")
        (home / "decisions").mkdir()
        (home / "decisions" / "decisions.csv").write_text(
            "record_id,decision,legal_unit_id,other_record_id,who,when,why\n"
            f"{record},confirm,F10,,Kiss Anna,2026-03-02,they say so themselves\n",
            encoding="utf-8",
        )
        sources = yaml.safe_load((home / "sources.yaml").read_text(encoding="utf-8"))
        sources["sources"].append(DECISIONS)
        (home / "sources.yaml").write_text(yaml.safe_dump(sources, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def days(tiny: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Days:
    return Days(shutil.copytree(tiny.home.root, tmp_path_factory.mktemp("vintages") / "home"))


@pytest.fixture(scope="module")
def explanation(days: Days) -> Explanation:
    before = sorted(path.name for path in days.shop.lake.root.glob("vintages/*"))
    published = publication_log(days.shop.home)
    result = explain(days.shop.home, TABLES, days.first, days.second, lambda line: None)
    assert sorted(path.name for path in days.shop.lake.root.glob("vintages/*")) == before, "no vintage is recorded"
    assert publication_log(days.shop.home) == published, "nothing is published"
    return result


def test_every_source_has_one_cause() -> None:
    listed = [*(table for tables in CAUSES.values() for table in tables), *CLASSIFICATIONS]
    taken_in = sorted(table.short_name for table in TABLES.values() if table.takes_in)
    assert sorted(listed) == taken_in


def test_the_terms_are_those_computed_by_hand(explanation: Explanation) -> None:
    row = explanation.terms.loc[("N1", 2023)]
    p = (row["before"] / 100 * 6600 - 1540) / 550
    assert 0.9 < p < 1
    assert row["after"] == pytest.approx(22.0, abs=0.01)
    assert row["membership"] == pytest.approx(-5.0, abs=0.01)
    assert row["accounts"] == pytest.approx(-10 / 3, abs=0.01)
    assert row["links"] == pytest.approx(550 * (1 - p) / 66, abs=0.01)
    assert row["links"] > 0.05
    assert row["national_accounts"] == pytest.approx(-4 / 3, abs=0.01)
    assert row[METHOD] == pytest.approx(0.0, abs=1e-9)
    assert row[[*CAUSES, METHOD]].sum() == pytest.approx(row["change"], abs=1e-12)


def test_asking_again_computes_nothing(days: Days, explanation: Explanation) -> None:
    assert explanation.computed > 0
    again = explain(days.shop.home, TABLES, days.first, days.second, lambda line: None)
    assert again.computed == 0
    pd.testing.assert_frame_equal(again.terms, explanation.terms)


def test_back_again_is_another_decomposition_of_the_same_change(days: Days, explanation: Explanation) -> None:
    back = explain(days.shop.home, TABLES, days.second, days.first, lambda line: None).terms.loc[("N1", 2023)]
    there = explanation.terms.loc[("N1", 2023)]
    assert back["change"] == pytest.approx(-there["change"], abs=1e-12)
    assert back["national_accounts"] == pytest.approx(there["before"] * (1 - 66 / 70), abs=0.01)
    assert back["national_accounts"] != pytest.approx(-there["national_accounts"], abs=0.1)


def test_a_change_without_news_is_one_of_method(days: Days) -> None:
    """The same deliveries, a recorded figure that today's code does not give."""
    table = "interpretation.cooperation_gva"
    path = days.shop.lake.path(table, days.first.tables[table])
    older = days.shop.lake.path(table, "0" * 32)
    frame = pd.read_parquet(path)
    frame.assign(share_pct=frame["share_pct"] + 0.5).to_parquet(older)
    before = Vintage("older", 0, days.first.tables | {table: "0" * 32}, days.first.deliveries)
    row = explain(days.shop.home, TABLES, before, days.first, lambda line: None).terms.loc[("N1", 2023)]
    assert row[METHOD] == row["change"] == pytest.approx(-0.5)
    assert (row[list(CAUSES)] == 0).all()


def test_what_is_no_longer_kept_is_named(days: Days) -> None:
    gone = Vintage("gone", 0, days.first.tables, days.first.deliveries | {"accounts": "f" * 64})
    with pytest.raises(CoopgvaError, match="delivery ffffffffffff of source 'accounts' is no longer in the archive"):
        explain(days.shop.home, TABLES, gone, days.second, lambda line: None)
    without = Vintage("without", 0, {}, days.first.deliveries)
    with pytest.raises(CoopgvaError, match=r"vintage without: .* is not in the lake"):
        explain(days.shop.home, TABLES, without, days.second, lambda line: None)


def test_the_difference_in_figures(days: Days, explanation: Explanation) -> None:
    frame = share_revisions(days.shop.lake, days.first, days.second).set_index(["numerator_code", "reference_year"])
    assert frame.loc[("N1", 2023), "revision_pp"] == pytest.approx(explanation.terms.loc[("N1", 2023), "change"])
    assert frame["before_pct"].isna().tolist() == (frame.index.get_level_values(0) != "N1").tolist()
    assert changed_sources(days.shop, days.first, days.second) == {
        "membership": ["cluster_memberships"],
        "accounts": ["accounts"],
        "links": ["decisions"],
        "national_accounts": ["national_accounts"],
    }


def test_cells_that_opened_and_closed(days: Days) -> None:
    """A withheld cell of the second vintage is open in a copy; asked both ways round."""
    table = "access.cooperation_gva"
    path = days.shop.lake.path(table, days.second.tables[table])
    frame = pd.read_parquet(path)
    chosen = frame.index[frame["is_withheld"]][:1]
    assert len(chosen) == 1
    frame.loc[chosen, "is_withheld"] = False
    frame.to_parquet(days.shop.lake.path(table, "1" * 32))
    other = Vintage("other", 9, days.second.tables | {table: "1" * 32}, days.second.deliveries)
    [opened] = cell_changes(days.shop.lake, days.shop.contracts, days.second, other)
    [closed] = cell_changes(days.shop.lake, days.shop.contracts, other, days.second)
    assert (len(opened.opened), opened.closed) == (1, ())
    assert (closed.opened, closed.closed) == ((), opened.opened)
    assert str(frame.loc[chosen[0], "numerator_code"]) in opened.opened[0]


def test_the_commands_tell_it_in_words(
    days: Days, explanation: Explanation, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_difference(days.shop.home, "1", "2")
    shown = capsys.readouterr().out
    before, after = explanation.terms.loc[("N1", 2023), ["before", "after"]]
    change = 2200 - round(before * 100)
    assert f"The share of 2023 was revised from {before:.2f} % to 22.00 % ({change / 100:+.2f} pp)." in shown
    assert "membership (cluster_memberships), accounts (accounts), links (decisions) and national accounts" in shown
    assert "not published" in shown
    deliveries, _, tables = shown.partition("rows before")
    assert "cluster_memberships" in deliveries
    assert "interpretation.cooperation_gva" in tables
    explain_command("1", "2", days.shop.home.root)
    shown = capsys.readouterr().out
    assert "mainly because of new information on who cooperates (-5.00 pp)" in shown
    assert "changes in the register and in the links of participants to firms (+" in shown
    assert "had the opposite effect" in shown
    revisions_command(days.shop.home.root)
    shown = capsys.readouterr().out
    assert "2026-03-01 02:00" in shown
    assert f"{before:.4f}" in shown
    assert f"{after:.4f}" in shown


def test_the_triangle_has_one_row_per_publication_and_year(days: Days, explanation: Explanation) -> None:
    shares = published_shares(days.shop.home)
    assert shares.columns.tolist() == ["reference_year", "numerator_code", "vintage_id", "published_at", "share_pct"]
    row = explanation.terms.loc[("N1", 2023)]
    triangle = shares[shares["numerator_code"] == "N1"]
    assert triangle["vintage_id"].tolist() == [days.first.vintage_id, days.second.vintage_id]
    assert triangle["published_at"].tolist() == ["2026-03-01T02:00:00+00:00", "2026-03-02T02:00:00+00:00"]
    assert triangle["share_pct"].tolist() == [row["before"], row["after"]]
    assert shares.loc[shares["numerator_code"] == "N2", "share_pct"].isna().all(), "N2 would reveal F4"
    summary = revision_summary(shares).set_index(["numerator_code", "comparison"])
    assert summary.index.tolist() == [("N1", "first_to_latest"), ("N1", "each_to_next")]
    assert summary["count"].tolist() == [1, 1]
    assert summary["mean_revision_pp"].tolist() == pytest.approx([row["change"]] * 2)
    assert summary["mean_absolute_revision_pp"].tolist() == pytest.approx([-row["change"]] * 2)


def test_a_vintage_about_to_be_published_is_the_last_row_without_a_time(days: Days) -> None:
    coming = Vintage("000003-coming", 3, days.first.tables, days.first.deliveries)
    shares = published_shares(days.shop.home, including=coming)
    last = shares[shares["vintage_id"] == "000003-coming"]
    assert len(last) > 0
    assert last["published_at"].isna().all()
    same = published_shares(days.shop.home, including=days.second)
    pd.testing.assert_frame_equal(same, published_shares(days.shop.home))


def test_words_about_years_that_came_went_and_stayed() -> None:
    frame = pd.DataFrame(
        {
            "numerator_code": ["N1"] * 4,
            "reference_year": [2021, 2022, 2023, 2024],
            "before_pct": [2.0, 2.10, 2.31, None],
            "after_pct": [None, 2.10, 2.35, 2.5],
            "accounts": [None, 0.0, 0.05, None],
            "method": [None, 0.0, -0.01, None],
        }
    )
    assert paragraph(frame, "N1", ["accounts", "method"]) == (
        "The share of 2023 was revised from 2.31 % to 2.35 % (+0.04 pp), mainly because of newly filed and corrected "
        "annual accounts (+0.05 pp); changes of method, parameters or classifications (-0.01 pp) had the opposite "
        "effect. Revisions of the 2 shares of 2022 to 2023 lie between 0.00 pp and +0.04 pp; the mean absolute "
        "revision is 0.02 pp. The share of 2024 is published for the first time. The share of 2021 is no longer "
        "published."
    )
    assert paragraph(frame, "N2") == "No share of N2 is published in both vintages."
    assert paragraph(frame.iloc[1:2], "N1") == "The share of 2022 was not revised (2.10 %)."
