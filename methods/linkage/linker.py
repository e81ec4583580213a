"""Which firm of a registry each record means: the one entry, from frames to links.

Belongs here: the order of the steps. Each step has its module: `text` and `places` (preparation), `blocking`,
`sides`, `alignment` and `comparison` (attributes), `model`, `decision`, `explanation`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.hashes import mixed
from methods.linkage import blocking, comparison, decision, explanation, model, numbers, people, prior
from methods.linkage.attributes import INDEX
from methods.linkage.firms import FORMER, SHORT, SUCCESSOR, Registry, read_registry
from methods.linkage.labels import UNLABELLED, calibration, read_labels, taught
from methods.linkage.places import Places
from methods.linkage.settings import Settings
from methods.linkage.sides import Side, cores, fulls, initials, is_core, single_words
from methods.linkage.text import Names, Vocabulary, prepare

BELIEVED = 0.8
"""Least probability of a firm whose identifier a record has, for the record to be learnt from."""
PLAUSIBLE = -4.0
"""Utility of a best candidate against "no firm" above which a record may well have a firm."""


@dataclass(frozen=True)
class Links:
    """What `link` found.

    Attributes:
        links: one row per record, in the order of the records: `record_id`, `firm_id` (null unless accepted),
            `probability` (of that firm, 0 where there is none), `method`, `status` (accepted, review, none), `reason`,
            which names the candidates of a record under review.
        candidates: `record_id`, `firm_id`, `probability` of all candidates with at least one in a hundred, whatever
            the status of the record.
        quality: `measure`, `value`: shares by status and method, expected precision and recall.
    """

    links: pd.DataFrame
    candidates: pd.DataFrame
    quality: pd.DataFrame


@dataclass(frozen=True)
class Compared:
    """Candidates with their attributes, in order of record; `attributes` is for the best name of each firm."""

    record: np.ndarray
    firm: np.ndarray
    name: np.ndarray
    is_by_name: np.ndarray
    choices: model.Choices
    found: numbers.Numbers
    registry: Registry


def link(
    registry: pd.DataFrame,
    records: pd.DataFrame,
    *,
    name_history: pd.DataFrame | None = None,
    address_history: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    vat_groups: pd.DataFrame | None = None,
    decisions: pd.DataFrame | None = None,
    identifiers: pd.DataFrame | None = None,
    labels: pd.DataFrame | None = None,
    settings: Settings | None = None,
) -> Links:
    """Links records to the firms of a registry.

    Args:
        registry: `firm_id`, `name`, and as known `short_name`, `tax_number`, `eu_vat`, `registration_number`, `lei`,
            `legal_form`, `postcode`, `settlement`, `address`, `county`, `nuts3_code`, `nace_code`, `founded_year`,
            `status`, `employees` (larger firms are on more lists: see `prior`).
        records: `record_id`, `name`, and as known `source`, `country`, `tax_number` (anything that was typed),
            `registration_number`, `euid`, `lei`, `pic`, `postcode`, `settlement`, `address`, `nuts3_code`, `year`.
        name_history: `firm_id`, `name`, `valid_from`, `valid_to`; dates or years.
        address_history: `firm_id`, `postcode`, `settlement`, `address`, `valid_to`.
        events: `predecessor_id`, `successor_id`, `kind`, `year`.
        vat_groups: `group_tax_number`, `firm_id`.
        decisions: `record_id`, `firm_id`, `decision` (confirm, reject, same_as), `other_record_id`, `who`, `when`,
            `why`.
        identifiers: `firm_id`, `kind` (tax_number, eu_vat, registration_number, euid, lei, pic), `value`, `valid_from`,
            `valid_to`: numbers that firms have or had; one that was not valid in the year of the record counts less.
        labels: known answers to learn from, `record_id`, `firm_id` (null: no firm). They teach the weights and the
            calibration; they do not replace the answer, as a decision does.
        settings: see `Settings`.

    Raises:
        MethodError: a needed column is absent or an id is empty or not unique.
    """
    chosen = settings or Settings()
    compared = compare(registry, records, chosen, name_history, address_history, events, vat_groups, identifiers)
    answer = read_labels(labels, records["record_id"], compared.registry.ids)
    weights, shift = learnt(compared, records["record_id"], chosen)
    if (answer != UNLABELLED).any():
        weights = taught(compared.choices, compared.firm, answer, weights, chosen.sigma)
    utility = model.utilities(compared.choices, weights) - shift * (~compared.found.is_own_known)[compared.record]
    count = len(records)
    if "employees" in registry:
        sizes = registry["employees"].astype("float64").to_numpy()[compared.registry.row]
        utility = utility + prior.size_offsets(
            compared.record, compared.firm, utility, count, prior.size_classes(sizes)
        )
    scale, offset = calibration(compared.record, compared.firm, utility, answer)
    probability, nobody = model.posteriors(compared.record, scale * utility + offset, count)
    decided = decision.decide(compared.record, compared.firm, probability, nobody, chosen, len(compared.registry.ids))
    reasons = explanation.explain(
        decided, compared.choices, compared.firm, compared.name, compared.registry, compared.found, probability
    )
    ids = compared.registry.ids
    links = pd.DataFrame(
        {
            "record_id": records["record_id"].to_numpy(object),
            "firm_id": np.where(
                decided.pair >= 0, ids[compared.firm[decided.pair]] if len(compared.firm) else None, None
            )
            if count
            else [],
            "probability": decided.probability,
            "method": reasons.method,
            "status": decided.status,
            "reason": reasons.reason,
        }
    ).astype({"record_id": "str", "firm_id": "str", "method": "str", "status": "str", "reason": "str"})
    shown = probability >= 0.01
    candidates = pd.DataFrame(
        {
            "record_id": records["record_id"].to_numpy(object)[compared.record[shown]],
            "firm_id": ids[compared.firm[shown]],
            "probability": probability[shown],
        }
    )
    if decisions is not None and len(decisions):
        people.check_firms(decisions, ids)
        links = people.apply_decisions(links, candidates, decisions, carry=False)
    return Links(links, candidates, decision.quality(links, candidates))


def compare(
    registry: pd.DataFrame,
    records: pd.DataFrame,
    settings: Settings,
    name_history: pd.DataFrame | None = None,
    address_history: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    vat_groups: pd.DataFrame | None = None,
    identifiers: pd.DataFrame | None = None,
) -> Compared:
    """Finds and compares the candidates of every record; see `link` for the frames."""
    firms, texts = read_registry(registry, records, name_history, address_history, events)
    vocabulary, names = prepare(texts)
    listed = names.take(np.arange(len(firms.firm)))
    typed = names.take(np.arange(len(firms.firm), len(texts)))
    del names, texts
    places = firms.gazetteer.read(records)
    home = firms.places.take(firms.home)
    frequency = _frequency(listed.words, len(vocabulary.words))
    most = np.log(max(len(firms.firm), 2))
    information = np.clip(np.log((len(firms.firm) + 1) / (frequency + 0.5)) / most, 0, 1).astype(np.float32)

    wanted = np.unique(typed.words[typed.words >= 0])
    near = blocking.near_words(vocabulary, frequency, wanted, settings.posting_cap)
    record_keys = blocking.keys(typed, vocabulary, places, alternatives=near)
    sought = blocking.key_filter(record_keys[1])
    parts = []
    for start in range(0, max(len(firms.firm), 1), 250_000):
        part = np.arange(start, min(start + 250_000, len(firms.firm)))
        row, key, _ = blocking.keys(listed.take(part), vocabulary, home.take(part))
        kept = sought(key)
        parts.append((row[kept] + start, key[kept]))
    row, key = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    record, name, _ = blocking.candidates(
        record_keys, (row, key), firms.firm, posting_cap=settings.posting_cap, keep=settings.candidates,
        budget=settings.budget, bonus=comparison.hints(typed, places, listed, home),
    )  # fmt: skip
    del record_keys, row, key, parts
    year = _years(records.get("year"), len(records))
    found = numbers.match(registry, records, vat_groups, identifiers, year, firms, settings.country)
    record, name, by_name = _with_numbers(record, name, found, firms)
    sides = [
        Side(
            n,
            p,
            cores(n, vocabulary),
            cores(n, vocabulary, ordered=True),
            fulls(n, vocabulary),
            initials(n, vocabulary),
            single_words(n, vocabulary),
        )
        for n, p in ((typed, places), (listed, home))
    ]
    attributes = comparison.compare(record, name, sides[0], sides[1], vocabulary, information)
    comparison.frequencies(attributes, name, sides[1], firms.gazetteer.adjectives(vocabulary.words), information)
    _kinds(attributes, firms, name, year[record])
    _former_places(attributes, firms, firms.firm[name], places.take(record))
    numbers.attributes(attributes, record, firms.firm[name], firms.home[name], found)
    comparison.interactions(attributes)
    none = _none(typed, vocabulary, places, found, information, records, settings)
    choices = model.Choices(record, attributes, none)
    return _best_names(choices, firms, name, by_name, found)


def learnt(compared: Compared, record_ids: pd.Series, settings: Settings) -> tuple[model.Weights, float]:
    """Weights adapted to the records' own identifiers, and the shift of "no firm" for the other records."""
    start = model.defaults()
    choices, found = compared.choices, compared.found
    count = len(choices.none)
    if not settings.adapt or found.is_own_known.sum() < settings.least_training_records:
        return start, 0.0
    equal = model.attribute(choices.attributes, "number_equal") > 0
    luck = mixed(pd.util.hash_array(record_ids.to_numpy(object)))
    usable = found.is_own_known & (np.bincount(choices.record[equal], minlength=count) == 1)
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(luck[rows], kind="stable")][: settings.training_records]
    training = np.zeros(count, dtype=bool)
    training[rows] = True
    weights = start
    for _ in range(2):
        p, _ = model.posteriors(choices.record, model.utilities(choices, weights), count)
        believed = np.bincount(choices.record[equal], weights=p[equal], minlength=count)
        weights = _fitted(compared, training, believed, equal, luck, start, settings)
    # The share without a firm is compared where some firm is plausible: a university is no firm whatever the share,
    # and records with a firm's number, which the weights were learnt from, have no universities among them.
    utility = model.utilities(
        model.Choices(choices.record, _without_numbers(choices.attributes), choices.none), weights
    )
    offered = compared.is_by_name & ~(equal & _left_out(training, luck)[choices.record])
    best = np.full(count, -np.inf)
    np.maximum.at(best, choices.record[offered], utility[offered])
    plausible = best > PLAUSIBLE
    has_firm = np.zeros(count, dtype=bool)
    has_firm[choices.record[equal & offered]] = True
    weight = np.where(training & plausible & (believed > BELIEVED), believed, 0.0)
    assumed = float(np.clip(weight[~has_firm].sum() / max(weight.sum(), 1.0), 0.01, 0.9))
    shift = model.share_without_firm(choices.record, utility, plausible & ~found.is_own_known, assumed)
    return weights, shift


def _left_out(training: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Every eighth record that is learnt from: its firm is taken away."""
    return np.asarray(training & (luck % np.uint64(8) == 0))


def _fitted(
    compared: Compared, training: np.ndarray, believed: np.ndarray, equal: np.ndarray, luck: np.ndarray,
    start: model.Weights, settings: Settings,
) -> model.Weights:  # fmt: skip
    choices = compared.choices
    kept = training[choices.record] & compared.is_by_name & ~(equal & _left_out(training, luck)[choices.record])
    numbered = np.cumsum(training) - 1
    inside = model.Choices(
        numbered[choices.record[kept]], _without_numbers(choices.attributes[kept]), choices.none[training]
    )
    weight = np.where(believed[training] > BELIEVED, believed[training], 0.0)
    return model.fit(inside, equal[kept], weight, start, sigma=settings.sigma)


def _without_numbers(attributes: np.ndarray) -> np.ndarray:
    hidden = attributes.copy()
    hidden[:, list(model.FIXED)] = 0
    return hidden


def _frequency(words: np.ndarray, count: int) -> np.ndarray:
    """Names of the registry with each word."""
    seen = words.copy()
    for k in range(1, words.shape[1]):
        # a word twice in one name counts once
        again = (words[:, :k] == words[:, [k]]).any(axis=1)
        seen[again, k] = -1
    return np.bincount(seen[seen >= 0], minlength=count)


def _with_numbers(
    record: np.ndarray, name: np.ndarray, found: numbers.Numbers, firms: Registry
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Adds the firms that identifiers point to; pairs come back unique and in order."""
    begin = np.searchsorted(firms.firm_order, found.firm)
    end = np.searchsorted(firms.firm_order, found.firm, side="right")
    more_record = np.repeat(found.record, end - begin)
    more_name = firms.names_in_order[np.repeat(begin, end - begin) + blocking.ranges(end - begin)]
    width = max(len(firms.firm), 1)
    by_name = record.astype(np.int64) * width + name
    code = np.unique(np.concatenate([by_name, more_record.astype(np.int64) * width + more_name]))
    by_name = np.sort(by_name)
    at = np.minimum(np.searchsorted(by_name, code), max(len(by_name) - 1, 0))
    is_by_name = by_name[at] == code if len(by_name) else np.zeros(len(code), dtype=bool)
    return code // width, code % width, is_by_name


def _kinds(attributes: np.ndarray, firms: Registry, name: np.ndarray, year: np.ndarray) -> None:
    """Kind of name, and years: of the firm, of the name, of the record."""
    column = INDEX
    kind = firms.kind[name]
    attributes[:, column["is_short"]] = kind == SHORT
    attributes[:, column["is_former"]] = kind == FORMER
    attributes[:, column["is_successor"]] = kind == SUCCESSOR
    known = year > 0
    attributes[:, column["is_outdated"]] = (
        (kind == FORMER) & known & (firms.name_to[name] > 0) & (year > firms.name_to[name])
    )
    founded = firms.founded[firms.home[name]]
    attributes[:, column["before_founded"]] = known & (founded > 0) & (year < founded) & (kind != SUCCESSOR)
    attributes[:, column["is_dissolved"]] = firms.is_dissolved[firms.firm[name]]
    gone = firms.gone[firms.home[name]]
    after = known & (gone > 0) & (year > gone)
    before = known & (year <= firms.name_from[name])
    attributes[:, column["is_gone"]] = np.where(kind == SUCCESSOR, before, after)


def _former_places(attributes: np.ndarray, firms: Registry, firm: np.ndarray, places: Places) -> None:
    """A town or postcode that the firm once had."""
    if not len(firms.former_firm):
        return
    begin = np.searchsorted(firms.former_firm, firm)
    size = np.searchsorted(firms.former_firm, firm, side="right") - begin
    pair = np.repeat(np.arange(len(firm)), size)
    old = firms.former_places.take(np.repeat(begin, size) + blocking.ranges(size))
    same = ((old.town >= 0) & (old.town == places.town[pair])) | (
        (old.postcode >= 0) & (old.postcode == places.postcode[pair])
    )
    hit = np.unique(pair[same])
    column = INDEX
    differs = (attributes[hit, column["town_conflict_near"]] + attributes[hit, column["town_conflict_far"]]) > 0
    attributes[hit[differs], column["address_former"]] = 1
    attributes[hit, column["town_conflict_near"]] = 0
    attributes[hit, column["town_conflict_far"]] = 0


def _none(
    typed: Names, vocabulary: Vocabulary, places: Places, found: numbers.Numbers,
    information: np.ndarray, records: pd.DataFrame, settings: Settings,
) -> np.ndarray:  # fmt: skip
    """Attributes of the records for the utility of "no firm"."""
    from methods.linkage import lexicon

    core = is_core(typed.words, vocabulary)
    weight = np.append(information, np.float32(0))[typed.words]
    country = records["country"].astype("str").str.upper().str.strip() if "country" in records else None
    abroad = (
        np.zeros(len(records))
        if country is None
        else (country.notna() & (country != settings.country) & (country != "")).to_numpy()
    )
    return np.column_stack(
        [
            np.ones(len(records)),
            np.append(vocabulary.is_body, False)[typed.words].any(axis=1),
            (typed.form & lexicon.FOREIGN) > 0,
            abroad,
            (places.town != -1) | (places.postcode >= 0),
            found.is_unknown,
            core.sum(axis=1) == 1,
            np.where(core, weight, 0).sum(axis=1),
        ]
    ).astype(np.float64)


def _best_names(
    choices: model.Choices, firms: Registry, name: np.ndarray, by_name: np.ndarray, found: numbers.Numbers
) -> Compared:
    """Keeps the name of each firm that fits the record best."""
    utility = np.round(model.utilities(choices, model.defaults()), 6)
    firm = firms.firm[name]
    order = np.lexsort((name, -utility, firm, choices.record))
    record, firm = choices.record[order], firm[order]
    first = (
        np.concatenate(([True], (record[1:] != record[:-1]) | (firm[1:] != firm[:-1]))) if len(record) else order > 0
    )
    group = np.cumsum(first) - 1
    named = np.zeros(int(first.sum()), dtype=bool)
    np.logical_or.at(named, group, by_name[order])
    kept = order[first]
    return Compared(
        record[first], firm[first], name[kept], named,
        model.Choices(record[first], choices.attributes[kept], choices.none), found, firms,
    )  # fmt: skip


def _years(column: pd.Series | None, count: int) -> np.ndarray:
    """Four-digit years of dates or years, 0 where unknown."""
    from methods.linkage.firms import years

    return np.zeros(count, dtype=np.int64) if column is None else years(column)
