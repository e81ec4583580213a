"""What the pages of a release look like: one ground for all, and what each page adds."""

from __future__ import annotations

from pathlib import Path

_NAME = "style.css"


def page_style(folder: Path) -> str:
    """The style sheet of a page: the ground that all share, then the page's own rules, which win.

    Args:
        folder: of the page, with its own `style.css`.
    """
    return "".join((place / _NAME).read_text(encoding="utf-8") for place in (Path(__file__).parent, folder))
