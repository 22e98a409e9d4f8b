"""Labels that show the types of entities, the same in every graph that is drawn of a memory."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

OWN_LABELS: Final = (
    *("Episode", "Fact", "Entity", "Session", "Change"),
    *("Space", "Store", "Name", "Term", "Removal", "Embedded", "Writer"),
    *("EpisodeVector", "FactVector", "EntityVector"),
)
"""The labels that a store uses itself."""

_MOST_CHARACTERS: Final = 80


@lru_cache(maxsize=1000)
def type_label(type_: str) -> str | None:
    """The label that shows an entity's type: its words in CamelCase, None if it has no letters or digits.

    One that ends like a label of ours gets an underscore, so that it can be none, whatever prefix another store has.
    """
    words = re.findall(r"[^\W_]+", type_[:_MOST_CHARACTERS])
    label = "".join(word[:1].upper() + word[1:] for word in words)
    if not label:
        return None
    if label[0].isdigit():
        label = f"_{label}"
    return f"{label}_" if label.endswith(OWN_LABELS) else label
