"""The concepts of SIMS 2.0 with their texts, and what an office says of its own in `<home>/quality_report.yaml`.

Belongs here: reading and checking both files. Does not belong here: figures, layout.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from publication.page.words import LANGUAGES
from resources.contract import explain_validation, load_yaml
from resources.errors import ConfigurationError

OFFICE_FILE = "quality_report.yaml"
_FILE = Path(__file__).with_name("concepts.yaml")

OfficeTexts = Mapping[str, "str | dt.date | Mapping[str, str]"]
"""What an office says: by concept code a text for all languages, a date, or texts by language."""


@dataclass(frozen=True)
class Concept:
    """One concept of the structure.

    Attributes:
        code: such as `S.13.3.1`.
        names: official heading by language.
        texts: text by language; empty where there is none.
        needs_office: only the office can complete it, and it has not.
        is_office: the text is the office's own.
    """

    code: str
    names: Mapping[str, str]
    texts: Mapping[str, str]
    needs_office: bool = False
    is_office: bool = False

    @property
    def level(self) -> int:
        """1 for S.1 to S.19, 2 for S.3.1 and so on."""
        return self.code.count(".")

    @property
    def anchor(self) -> str:
        """The fragment that leads to it."""
        return self.code.lower().replace(".", "-")


@cache
def _structure() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = load_yaml(_FILE)
    return loaded


def concept_codes() -> tuple[str, ...]:
    """All codes in the order of the structure."""
    return tuple(_structure())


def report_concepts(office: OfficeTexts | None, facts: Mapping[str, str]) -> list[Concept]:
    """The concepts in order, their texts filled in; what the office says takes the place of our text.

    Args:
        office: what the office says (`load_office`), or None.
        facts: values of `{vintage}`, `{first_year}` and `{last_year}`; the office's own texts are taken as they are.

    Raises:
        ConfigurationError: the office names an unknown concept, or says something that is no text.
    """
    said = _office_texts(office or {})
    concepts = []
    for code, entry in _structure().items():
        names = {language: str(entry[language]) for language in LANGUAGES}
        own = {language: text.format_map(facts) for language, text in (entry.get("text") or {}).items()}
        asks = bool(entry.get("office"))
        if code in said:
            concepts.append(Concept(code, names, said[code], is_office=True))
        else:
            concepts.append(Concept(code, names, own, needs_office=asks))
    return concepts


def require_known(code: str, where: str) -> None:
    """Refuse a code that is no concept.

    Raises:
        ConfigurationError: it names the code, and the concepts under the nearest heading that there is.
    """
    if code in _structure():
        return
    heading = code
    while heading and heading not in _structure():
        heading = heading.rpartition(".")[0]
    under = [c for c in _structure() if heading and c.rpartition(".")[0] == heading]
    raise ConfigurationError(
        f"'{code}' is no concept of SIMS 2.0",
        where=where,
        action=f"{heading} ({_structure()[heading]['en']}) has {', '.join(under) or 'no parts'}"
        if heading
        else "write a code of S.1 to S.19, such as S.1.6",
    )


def load_office(home: Path) -> OfficeTexts | None:
    """What the office of a home says of its own; None where it has no `quality_report.yaml`.

    Raises:
        ConfigurationError: not YAML, an unknown concept, or something that is no text.
    """
    path = home / OFFICE_FILE
    if not path.exists():
        return None
    document = load_yaml(path)
    if document is None:
        return None
    if not isinstance(document, dict):
        raise ConfigurationError(
            "not a mapping of concept codes to texts", where=str(path), action="write lines such as S.1.1: Name"
        )
    _office_texts(document, str(path))
    return document


def _office_texts(office: OfficeTexts, where: str = OFFICE_FILE) -> dict[str, dict[str, str]]:
    texts = {}
    adapter = TypeAdapter[dict[str, str]](dict[str, str])
    for code, said in office.items():
        require_known(str(code), where)
        place = f"{where}, {code}"
        if isinstance(said, dt.date):
            said = said.isoformat()
        if isinstance(said, str):
            said = dict.fromkeys(LANGUAGES, said)
        if not isinstance(said, Mapping):
            raise ConfigurationError(
                "not a text", where=place, action="put numbers in quotes, or write a text for each of en and hu"
            )
        try:
            texts[str(code)] = adapter.validate_python(dict(said), strict=True)
        except ValidationError as error:
            raise ConfigurationError(explain_validation(error), where=place, action="put the texts in quotes") from None
        if set(said) != set(LANGUAGES) or not all(text.strip() for text in texts[str(code)].values()):
            raise ConfigurationError(
                f"needs a text for each of {' and '.join(sorted(LANGUAGES))}",
                where=place,
                action="write both, or one text for all languages",
            )
    return texts
