"""What the tests of the directory share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def one_registry() -> Iterator[Registry]:
    """Give the registry that all tests of a module use one after another."""
    made = Registry()
    yield made
    made.close()


@pytest.fixture
def registry(one_registry: Registry) -> Registry:
    """Give an empty registry whose changes are published."""
    one_registry.forget()
    return one_registry
