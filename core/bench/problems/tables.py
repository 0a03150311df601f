"""Tabulated tasks."""

from __future__ import annotations

from collections.abc import Iterator

from problems import Problem


def problems() -> Iterator[Problem]:
    return iter(())
