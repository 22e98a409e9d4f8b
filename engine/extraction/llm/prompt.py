"""The prompt: instructions from a file with the core ontology filled in, and the conversation as JSON data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from factloom.engine.extraction.llm.packing import Pack, Piece, estimated_tokens
from factloom.schemas.extraction import Mention
from factloom.schemas.ontology import EntityType, Ontology, PredicateSpec, core_ontology
from factloom.schemas.records import Category, Episode, Role

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONGEST_EARLIER: Final = 1000
_NAMED_ALIASES: Final = 5


def instructions(ontology: Ontology) -> str:
    """The system message: the same for every request, so that services can cache it."""
    folder = resources.files("factloom.engine.extraction.llm").joinpath("prompts")
    text = folder.joinpath("extract.md").read_text(encoding="utf-8")
    example = json.loads(folder.joinpath("example.json").read_text(encoding="utf-8"))
    parts = {
        "{types}": _types(ontology),
        "{predicates}": _predicates(ontology),
        "{example_data}": json.dumps(example["data"], ensure_ascii=False),
        "{example_answer}": json.dumps(example["answer"], ensure_ascii=False),
    }
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def entity_types(ontology: Ontology) -> tuple[str, ...]:
    """All types that the ontology knows, sorted."""
    specs = [ontology[name] for name in ontology.names()]
    named = {type_ for spec in specs for type_ in (spec.subject_type, spec.object_type)}
    return tuple(sorted(named | own_types(ontology).keys()))


def own_types(ontology: Ontology) -> dict[str, EntityType]:
    """The types that the core has not, by name: a model has to be told what they mean."""
    core = core_ontology().types
    return {name: each for name, each in ontology.types.items() if name not in core}


def _types(ontology: Ontology) -> str:
    lines = [", ".join(entity_types(ontology))]
    for name, each in sorted(own_types(ontology).items()):
        wider = f" (a kind of {each.kind_of})" if each.kind_of else ""
        lines += ["", f"- {name}{wider}: {each.description}"] if each.description or wider else []
    return "\n".join(lines)


def _predicates(ontology: Ontology) -> str:
    lines = []
    for category in Category:
        specs = [ontology[name] for name in ontology.names() if ontology[name].category is category]
        specs = [spec for spec in specs if spec.canonical]
        lines += [f"## {category.value}", ""] if specs else []
        for spec in specs:
            one = " (1)" if spec.cardinality == "one" else ""
            lines.append(f"- {spec.subject_type} {spec.name} {spec.object_type}{one}: {spec.words()}{_as_said(spec)}")
        lines += [""] if specs else []
    return "\n".join(lines).rstrip()


def _as_said(spec: PredicateSpec) -> str:
    """The words by which a predicate of the user's own is said, as examples."""
    if spec.said is None:
        return ""
    words = [word.replace("+", " ").replace("|", "/").replace(" ~", " …") for word in spec.said.verbs]
    words += [*(f"be {adjective}" for adjective in spec.said.adjectives), *(f"my {noun}" for noun in spec.said.nouns)]
    return f" (said: {', '.join(words)})" if words else ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request: instructions and data, the pieces by the ids that they have in it, and what was said around them."""

    instructions: str
    data: str
    asked: dict[str, Piece]
    earlier: tuple[Episode, ...]
    entities: tuple[Mention, ...]


def write_prompt(pack: Pack, instructions: str, *, context_tokens: int) -> Prompt:
    """The prompt of one pack. Earlier turns (the newest) and known entities take at most ``context_tokens``."""
    earlier = _earlier_turns(pack, context_tokens * 3 // 4)
    entities = _entities(pack, context_tokens // 4)
    rows: list[dict[str, str]] = []
    asked: dict[str, Piece] = {}
    # Between the asked turns stand those that were said between them.
    turns: list[Piece | Episode] = sorted([*earlier, *pack], key=_said)
    last: Piece | Episode | None = None
    for turn in turns:
        if isinstance(turn, Piece):
            follows = isinstance(last, Piece) and last.episode.id == turn.episode.id
            if turn.before and not follows:
                rows.append(_row(rows, turn.episode, turn.before))
            rows.append(_row(rows, turn.episode, turn.text))
            asked[rows[-1]["id"]] = turn
        else:
            rows.append(_row(rows, turn, turn.content[-_LONGEST_EARLIER:]))
        last = turn
    data = {
        "conversation": rows,
        "read": list(asked),
        "known_entities": [
            {"name": e.name, "type": e.type, "aliases": list(e.aliases[:_NAMED_ALIASES])} for e in entities
        ],
    }
    # Broken surrogates can be in a text but not in a request.
    text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
    return Prompt(instructions, text, asked, earlier, entities)


def _said(turn: Piece | Episode) -> tuple[Any, ...]:
    episode = turn.episode if isinstance(turn, Piece) else turn
    return episode.occurred_at, episode.ref


def _earlier_turns(pack: Pack, tokens: int) -> tuple[Episode, ...]:
    """The turns that the asked ones may look back on, without those that are asked themselves, oldest first."""
    asked = {piece.episode.id for piece in pack}
    place = pack[0].episode.space, pack[0].episode.session
    found = {
        turn.id: turn
        for piece in pack
        for turn in piece.request.previous
        if turn.id not in asked and (turn.space, turn.session) == place
    }
    kept: list[Episode] = []
    for turn in sorted(found.values(), key=_said, reverse=True):
        tokens -= estimated_tokens(turn.content[-_LONGEST_EARLIER:])
        if tokens < 0:
            break
        kept.append(turn)
    return tuple(reversed(kept))


def _entities(pack: Pack, tokens: int) -> tuple[Mention, ...]:
    named = {(mention.name, mention.type): mention for piece in pack for mention in piece.request.entities}
    kept: list[Mention] = []
    for mention in named.values():
        tokens -= estimated_tokens("".join((mention.name, *mention.aliases[:_NAMED_ALIASES]))) + 12
        if tokens < 0:
            break
        kept.append(mention)
    return tuple(kept)


def _row(rows: Sequence[object], episode: Episode, text: str) -> dict[str, str]:
    """The message that follows ``rows``."""
    time = episode.occurred_at
    return {
        "id": f"m{len(rows) + 1}",
        "time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "weekday": _WEEKDAYS[time.weekday()],
        "role": episode.role.value,
        "speaker": speaker_of(episode) or "",
        "text": text,
    }


def speaker_of(episode: Episode) -> str | None:
    """The name of who says it, as facts call them; None for documents."""
    if episode.role is Role.DOCUMENT:
        return None
    return (episode.speaker or episode.labels.user_id or episode.role.value)[:200]
