"""What a user may tune, with defaults that hold for Hungarian firms and lists of some thousand to some million rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of `link`.

    Attributes:
        country: two letters; records of another country are less probable to mean a firm of the registry.
        candidates: firms kept per record.
        posting_cap: a key that more names have is dropped; higher finds more and costs time.
        budget: pairs that are looked at per record before the cut; higher finds more and costs time.
        accept: least probability of an accepted link.
        nobody: largest probability of "no firm" of an accepted link, in a registry of up to 100,000 firms; see
            `decision.nobody_limit` for larger ones.
        review: least probability of a candidate that a person should look at; below, the record has no firm.
        adapt: move the weights to what the records' own identifiers say.
        sigma: how far they may move (standard deviation of the prior around the defaults).
        training_records: at most so many records with identifiers are learnt from.
        least_training_records: with fewer, the defaults stay.
    """

    country: str = "HU"
    candidates: int = 12
    posting_cap: int = 1000
    budget: int = 400
    accept: float = 0.55
    nobody: float = 0.18
    review: float = 0.30
    adapt: bool = True
    sigma: float = 0.3
    training_records: int = 8_000
    least_training_records: int = 200
