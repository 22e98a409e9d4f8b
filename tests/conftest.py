"""What tests of every folder may ask for: a Neo4j server (`live/fixtures.py`)."""

from __future__ import annotations

import pytest

from .live import fixtures


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(fixtures, "neo4j-servers")
