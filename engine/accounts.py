"""Accounts: what reading an episode cost, and what was left out of it, kept on the episode."""

from __future__ import annotations

from typing import Final

from factloom.schemas.extraction import Extraction
from factloom.schemas.records import Episode, Metadata

EXTRACTION: Final = "factloom_extraction"
"""Metadata of an episode: who read it last, what all attempts used together, and notes on the last one."""

_MOST_NOTES: Final = 20
_LONGEST_NOTE: Final = 400


def account(episode: Episode, extraction: Extraction) -> Metadata | None:
    """The episode's metadata with this attempt in it; None if there is nothing to tell, as there is not offline."""
    known = episode.metadata.get(EXTRACTION)
    known = known if isinstance(known, dict) else {}
    if not known and not extraction.usage and not extraction.notes:
        return None
    used = known.get("usage", {})
    names = dict.fromkeys([*used, *extraction.usage])
    usage = {name: _plain(used.get(name, 0) + extraction.usage.get(name, 0)) for name in names}
    notes = [note[:_LONGEST_NOTE] for note in extraction.notes[:_MOST_NOTES]]
    if len(extraction.notes) > _MOST_NOTES:
        notes.append(f"and {len(extraction.notes) - _MOST_NOTES} more")
    return {**episode.metadata, EXTRACTION: {"extractor": extraction.extractor, "usage": usage, "notes": notes}}


def _plain(amount: float) -> float:
    """Counts as whole numbers, sums of money without the noise of adding."""
    return int(amount) if float(amount).is_integer() else round(amount, 9)
