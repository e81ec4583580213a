"""One small sample economy for all tests of the generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from sample.generate import Economy, draw, generate

FIRMS, SEED = 3000, 11


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published economy of 3,000 firms."""
    out = tmp_path_factory.mktemp("economy")
    generate(FIRMS, SEED, out)
    return out


@pytest.fixture(scope="session")
def economy() -> Economy:
    """The same economy as drawn."""
    return draw(FIRMS, SEED)


@pytest.fixture(scope="session")
def large_economy() -> Economy:
    """An economy with the full number of clusters."""
    return draw(100_000, 5)
