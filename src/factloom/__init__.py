"""factloom: a graph-plus-vector memory engine for AI agents.

Conversations go in, facts come out; before the next prompt the agent asks, and gets the few facts and passages that
matter, each with its source. Start with ``Memory``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factloom.engine.async_memory import AsyncMemory
    from factloom.engine.explicit import FactInput
    from factloom.engine.memory import Memory
    from factloom.schemas.cypher import CypherResult, GraphNode, GraphPath, GraphRelationship
    from factloom.schemas.errors import FactloomError
    from factloom.schemas.ontology import EntityType, PredicateSpec, Said
    from factloom.schemas.records import Action, Category, Change, Entity, Episode, Fact, Role
    from factloom.schemas.results import AddResult, DeleteReceipt, EntityChange, FactChange, Stats
    from factloom.schemas.search import ContextBlock, Hit, SearchResult
    from factloom.schemas.settings import Settings, load_settings
    from factloom.schemas.spaces import Labels, SpaceSet

__version__ = "0.1.0"

_HOMES = {
    "engine.async_memory": ("AsyncMemory",),
    "engine.explicit": ("FactInput",),
    "engine.memory": ("Memory",),
    "schemas.cypher": ("CypherResult", "GraphNode", "GraphPath", "GraphRelationship"),
    "schemas.errors": ("FactloomError",),
    "schemas.ontology": ("EntityType", "PredicateSpec", "Said"),
    "schemas.records": ("Action", "Category", "Change", "Entity", "Episode", "Fact", "Role"),
    "schemas.results": ("AddResult", "DeleteReceipt", "EntityChange", "FactChange", "Stats"),
    "schemas.search": ("ContextBlock", "Hit", "SearchResult"),
    "schemas.settings": ("Settings", "load_settings"),
    "schemas.spaces": ("Labels", "SpaceSet"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Action",
    "AddResult",
    "AsyncMemory",
    "Category",
    "Change",
    "ContextBlock",
    "CypherResult",
    "DeleteReceipt",
    "Entity",
    "EntityChange",
    "EntityType",
    "Episode",
    "Fact",
    "FactChange",
    "FactInput",
    "FactloomError",
    "GraphNode",
    "GraphPath",
    "GraphRelationship",
    "Hit",
    "Labels",
    "Memory",
    "PredicateSpec",
    "Role",
    "Said",
    "SearchResult",
    "Settings",
    "SpaceSet",
    "Stats",
    "load_settings",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import factloom`` itself costs next to nothing (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'factloom' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"factloom.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
