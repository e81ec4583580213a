"""One refreshed tiny economy for all tests that only look at it."""

from __future__ import annotations

import pytest

from assets.workshop import Workshop
from tests.economy.refreshing import refresh
from tests.economy.tiny import write_tiny_economy


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A refreshed tiny economy; do not change it."""
    home = write_tiny_economy(tmp_path_factory.mktemp("tiny"))
    return refresh(home, "first")[0]
