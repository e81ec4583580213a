"""Writes the release page: `index.html` in Hungarian and `en.html`, each one file without any request to anywhere.

A strict content security policy forbids every connection; the only scripts are the bundled chart library and the few
lines that draw the charts, both named by their hash. Without scripts the numbers of every chart are in a table.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from methods.errors import MethodError
from publication.page import sections, sections_goals
from publication.page.tables import Published
from publication.page.words import LANGUAGES, Words
from publication.style import page_style

FILES = {"hu": "index.html", "en": "en.html"}
_HERE = Path(__file__).parent
_METHOD = tuple(f"method_{n}" for n in range(1, 7))


@dataclass(frozen=True)
class Download:
    """A file of the release that the page links to.

    Attributes:
        path: path from the page, with `/`.
        format: name of the format.
        size: bytes.
    """

    path: str
    format: str
    size: int


def write_site(
    tables: Mapping[str, pd.DataFrame],
    folder: Path,
    *,
    vintage_id: str,
    released_at: str | None = None,
    downloads: Sequence[Download] = (),
    quality_report: Mapping[str, str] | None = None,
) -> list[Path]:
    """Writes the page in every language.

    Args:
        tables: the published tables by name (`access.<table>`); `access.quality_indicator` may be absent.
        folder: where to; it exists.
        vintage_id: the vintage that the tables are of, for the citation.
        released_at: date of the release as text, or None where it is not known yet.
        downloads: files beside the page.
        quality_report: path from the page to the quality report by language.

    Returns:
        The files that were written.

    Raises:
        MethodError: a table is missing or empty.
    """
    data = Published(tables)
    written = []
    for language in LANGUAGES:
        path = folder / FILES[language]
        html = page(
            data,
            language,
            vintage_id=vintage_id,
            released_at=released_at,
            downloads=downloads,
            quality_report=(quality_report or {}).get(language),
        )
        path.write_bytes(html.encode("utf-8"))
        written.append(path)
    return written


def page(
    data: Published,
    language: str,
    *,
    vintage_id: str,
    released_at: str | None,
    downloads: Sequence[Download],
    quality_report: str | None,
) -> str:
    """The page in one language."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    words = Words(language, data.names(language))
    parts = [
        sections.headline(data, words),
        sections.activities(data, words),
        sections.regions(data, words),
        sections.kinds(data, words),
        sections_goals.goal_1(data, words),
        sections_goals.ties(data, words),
        sections_goals.outlook(data, words),
    ]
    drawn = {f.name: f.specification for part in parts for f in part.figures}
    scripts = [_bundle(), _drawing(words, drawn)]
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cells = data["cooperation_gva"]
    is_open = int((~cells["is_withheld"]).sum())
    quality = data.tables.get("access.quality_indicator")
    return environment.get_template("page.html.j2").render(
        words=words,
        language=language,
        other=FILES[next(code for code in LANGUAGES if code != language)],
        other_language=next(code for code in LANGUAGES if code != language),
        vintage_id=vintage_id,
        released_at=released_at,
        sections=parts,
        downloads=downloads,
        quality=[] if quality is None else sections_goals.quality_rows(quality, words, data.year),
        quality_report=quality_report,
        method=[words.say(key) for key in _METHOD],
        open_cells=words.say(
            "open_share",
            open=words.number(is_open, 0),
            all=words.number(len(cells), 0),
            share=words.percent(100 * is_open / len(cells) if len(cells) else None, 0),
        ),
        style=page_style(_HERE),
        scripts=scripts,
        policy=_policy(scripts),
    )


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script; its licences allow to ship it, and it asks nobody for anything."""
    import vl_convert

    bundle = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    if "</script" in bundle.lower() or "<!--" in bundle:
        raise MethodError("the chart library cannot stand inside HTML: it ends a script element or opens a comment")
    return bundle


def _drawing(words: Words, specifications: Mapping[str, Any]) -> str:
    """The script that draws the charts; their data are part of it."""
    code = (_HERE / "draw.js").read_text(encoding="utf-8")
    data = json.dumps(
        {"charts": specifications, "locale": words.locale}, ensure_ascii=False, sort_keys=True, allow_nan=False
    )
    return code.replace("__DATA__", data.replace("<", "\\u003c"))  # nothing in the data can end the element


def _policy(scripts: Sequence[str]) -> str:
    """Content security policy: these scripts, inline styles and inline pictures, and nothing else."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode('utf-8')).digest()).decode()}'" for s in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
