"""Records as properties of nodes, and rows of our queries as records.

``RETURN {episode_columns}`` and the like (``cypher/columns.cypher``) give one list per record, in the order that
``episode_of`` and its siblings read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from factloom.graph import stored_values
from factloom.graph.stored_values import is_question, labels_from, loaded_object, to_time_or_none, without_nul
from factloom.graph.stored_values import to_micros as to_micros
from factloom.graph.stored_values import to_micros_or_none as to_micros_or_none
from factloom.graph.stored_values import to_time as to_time
from factloom.graph.type_labels import type_label as type_label
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.records import Action, Category, Change, Entity, Episode, Fact, Role, Status
from factloom.schemas.trusted import trusted

KIND_LABELS: Final[Mapping[str, str]] = {"episode": "Episode", "fact": "Fact", "entity": "Entity"}
"""Label of each kind, without the store's prefix."""

FORGOTTEN: Final = "\x01"
"""Begins the digest that stands for the name of an emptied space; no space can be called so."""

Row = Sequence[Any]

_KIND_LETTERS: Final = {"episode": "e", "fact": "f", "entity": "n"}
_PREDICATE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_PLAIN_TERM: Final = re.compile(r"[a-z0-9]{1,60}")
_LONGEST_ENCODED: Final = 100
_MOST_INDEXED: Final = 3000


# --- values ---


def check_kind(kind: str) -> str:
    """``kind``, if there is such a kind.

    Raises:
        InvalidInputError: there is none.
    """
    if kind not in KIND_LABELS:
        raise InvalidInputError(f"the kind {kind!r} does not exist; kinds are {', '.join(KIND_LABELS)}")
    return kind


def plain_text(text: str, field: str) -> str:
    """``text``, if every store gives it back as it is.

    Raises:
        InvalidInputError: it holds a NUL character or a lone surrogate.
    """
    without_nul(text, field)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"the {field} holds a lone surrogate (position {error.start}), which is not valid Unicode"
        ) from error
    return text


def plain_or_none(text: str | None, field: str) -> str | None:
    """As ``plain_text``; None stays None."""
    return None if text is None else plain_text(text, field)


def indexed_text(text: str, field: str) -> str:
    """As ``plain_text``, of a text that is a key of an index: the server's keys are bounded, by 8 kB together.

    Raises:
        InvalidInputError: also when it is too long.
    """
    if len(text) > _MOST_INDEXED // 4 and (size := len(plain_text(text, field).encode())) > _MOST_INDEXED:
        raise InvalidInputError(f"the {field} has {size} bytes; Neo4j can index {_MOST_INDEXED} of them: shorten it")
    return plain_text(text, field)


def indexed_or_none(text: str | None, field: str) -> str | None:
    """As ``indexed_text``; None stays None."""
    return None if text is None else indexed_text(text, field)


def findable(texts: Sequence[str]) -> list[str]:
    """Those of the texts that a store can hold: the others cannot be sent, and match nothing."""
    kept = []
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            continue
        kept.append(text)
    return kept


def to_json(value: object, field: str) -> str:
    """Canonical JSON, as a text that a store gives back as it is.

    Raises:
        InvalidInputError: ``value`` cannot be written as that.
    """
    return plain_text(stored_values.to_json(value, field), field)


def metadata_items(metadata: Mapping[str, Any], field: str = "metadata") -> list[str]:
    """``key=JSON value`` per top-level key, as filters compare them; whole floats are written as integers.

    JSON has one kind of number, so 3.0 and 3 are equal; true is not 1.
    """
    return [f"{key}={_canonical(value, field)}" for key, value in sorted(metadata.items())]


def metadata_properties(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as an episode or a fact holds it: to be read back, and to be filtered by."""
    return {"metadata": to_json(metadata, "metadata"), "_metadata": metadata_items(metadata) or None}


def _canonical(value: Any, field: str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    elif isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        value = int(float(value))  # as precise as SQLite compares it
    return to_json(value, field)


# --- names of our making ---


def space_token(store_id: str, space: str) -> str:
    """What stands for a space with removals, and for its name once it is emptied: a digest, as it must not be told."""
    return hashlib.sha256(f"{store_id}\x00{space}".encode()).hexdigest()[:40]


def index_token(store_id: str, space: str, kind: str) -> str:
    """The one word that stands for the records of ``kind`` in ``space`` in the full-text index (``_space_token``).

    A digest, since the index would split the name of a space into words.
    """
    return _KIND_LETTERS[check_kind(kind)] + space_token(store_id, space)


def forgotten_name(store_id: str, space: str) -> str:
    """The name that the node of an emptied space has."""
    return FORGOTTEN + space_token(store_id, space)


def encode_term(term: str) -> str:
    """A term as one token of lower-case ASCII letters and digits, so that the full-text index neither splits nor
    interprets it: ``w`` and the term, ``x`` and its bytes in hexadecimal, or ``y`` and a digest of a long one.
    """
    if _PLAIN_TERM.fullmatch(term):
        return f"w{term}"
    data = term.encode("utf-8", "surrogatepass")
    if 2 * len(data) <= _LONGEST_ENCODED:
        return f"x{data.hex()}"
    return f"y{hashlib.sha256(data).hexdigest()}"


class IndexText(NamedTuple):
    """The terms of a record as they are stored.

    ``terms``: the distinct ones, encoded, separated by blanks. ``repeats``: ``term:count`` of those that occur more
    than once. ``spelled``: those whose code cannot be read back. ``length``: how many there are together.
    """

    terms: str
    repeats: str
    spelled: list[str]
    length: int


def index_text(terms: Sequence[str]) -> IndexText:
    """The terms of a record, which may repeat, as they are stored."""
    codes = {term: encode_term(term) for term in terms}
    counts = Counter(codes[term] for term in terms)
    repeats = " ".join(f"{term}:{count}" for term, count in sorted(counts.items()) if count > 1)
    spelled = sorted(plain_text(term, "terms") for term, code in codes.items() if code[0] == "y")
    return IndexText(" ".join(sorted(counts)), repeats, spelled, len(terms))


def terms_of(terms: str | None, repeats: str | None, spelled: Sequence[str] | None) -> list[str]:
    """The terms again, sorted, each as often as the record holds it."""
    if not terms:
        return []
    long = {encode_term(term): term for term in spelled or ()}
    counts = {code: int(count) for code, _, count in (each.partition(":") for each in (repeats or "").split())}
    words = ((long[code] if code in long else _decode_term(code), counts.get(code, 1)) for code in terms.split())
    return [term for term, count in sorted(words) for _ in range(count)]


def _decode_term(code: str) -> str:
    return code[1:] if code[0] == "w" else bytes.fromhex(code[1:]).decode("utf-8", "surrogatepass")


def check_predicate(predicate: str) -> str:
    """``predicate``, if it can be the type of a relationship.

    Raises:
        InvalidInputError: it is not upper-case ASCII letters, digits and underscores, at most 64.
    """
    if not _PREDICATE.fullmatch(predicate):
        raise InvalidInputError(
            f"the predicate {predicate!r} cannot be stored; use at most 64 of A-Z, 0-9 and _, beginning with a letter"
        )
    return predicate


# --- episodes ---


def episode_of(row: Row) -> Episode:
    """The episode in a list of ``{episode_columns}``."""
    return trusted(
        Episode,
        ref=row[0],
        id=row[1],
        space=row[2],
        labels=labels_from(row[3], row[4], row[5]),
        session=row[6],
        role=Role(row[7]),
        speaker=row[8],
        content=row[9],
        occurred_at=to_time(row[10]),
        created_at=to_time(row[11]),
        status=Status(row[12]),
        error=row[13],
        attempts=row[14],
        infer=row[15],
        metadata=loaded_object(row[16]),
    )


def episode_properties(episode: Episode) -> dict[str, Any]:
    """All properties of an episode but ``_ref``, its place in the session and what the index keeps."""
    labels, error = episode.labels, episode.error
    return {
        "id": indexed_text(episode.id, "id"),
        "space": episode.space,
        "session": indexed_text(episode.session, "session"),
        "role": str(episode.role),
        "speaker": plain_or_none(episode.speaker, "speaker"),
        "content": plain_text(episode.content, "content"),
        "status": str(episode.status),
        "error": None if error is None else error.replace("\x00", ""),
        "attempts": episode.attempts,
        "infer": episode.infer,
        "user_id": indexed_or_none(labels.user_id, "user_id"),
        "agent_id": indexed_or_none(labels.agent_id, "agent_id"),
        "run_id": indexed_or_none(labels.run_id, "run_id"),
        **metadata_properties(episode.metadata),
        "_occurred": to_micros(episode.occurred_at),
        "_created": to_micros(episode.created_at),
        "_content_hash": content_hash(episode),
        "_text_length": len(episode.content),
        "_question": is_question(episode.content),
        "_length": 0,
    }


def content_hash(episode: Episode) -> str:
    """``episode.content_hash``.

    Raises:
        InvalidInputError: the text is not valid Unicode.
    """
    try:
        return episode.content_hash
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"a text holds a lone surrogate (position {error.start}), which is not valid Unicode"
        ) from error


# --- entities ---


def entity_of(row: Row) -> Entity:
    """The entity in a list of ``{entity_columns}``."""
    return trusted(
        Entity,
        ref=row[0],
        id=row[1],
        space=row[2],
        name=row[3],
        key=row[4],
        type=row[5],
        aliases=tuple(row[6]),
        attributes=loaded_object(row[7]),
        created_at=to_time(row[8]),
        updated_at=to_time(row[9]),
    )


def entity_properties(entity: Entity) -> dict[str, Any]:
    """The properties of an entity that a replacement changes: all but ``id``, ``space``, ``created_at``, ``_ref``."""
    return {
        "name": indexed_text(entity.name, "name"),
        "key": indexed_text(entity.key, "key"),
        "type": indexed_text(entity.type, "type"),
        "aliases": [indexed_text(alias, "aliases") for alias in entity.aliases],
        "attributes": to_json(entity.attributes, "attributes"),
        "_updated": to_micros(entity.updated_at),
    }


# --- facts ---


def fact_of(row: Row) -> Fact:
    """The fact in a list of ``{fact_columns}``."""
    return trusted(
        Fact,
        ref=row[0],
        id=row[1],
        space=row[2],
        labels=labels_from(row[3], row[4], row[5]),
        subject_id=row[6],
        predicate=row[7],
        object_id=row[8],
        text=row[9],
        category=Category(row[10]),
        valid_at=to_time_or_none(row[11]),
        invalid_at=to_time_or_none(row[12]),
        created_at=to_time(row[13]),
        expired_at=to_time_or_none(row[14]),
        expires_at=to_time_or_none(row[15]),
        confidence=row[16],
        support=row[17],
        episode_ids=tuple(row[18]),
        superseded_by=row[19],
        metadata=loaded_object(row[20]),
    )


def fact_properties(fact: Fact, *, subject: int, object_: int, created_at: int) -> dict[str, Any]:
    """The properties of a fact that a replacement changes; ``created_at`` in microseconds, as it is stored."""
    labels = fact.labels
    valid, invalid = to_micros_or_none(fact.valid_at), to_micros_or_none(fact.invalid_at)
    expired, expires = to_micros_or_none(fact.expired_at), to_micros_or_none(fact.expires_at)
    dated = not (invalid is None and expired is None and expires is None)
    return {
        "predicate": check_predicate(fact.predicate),
        "text": plain_text(fact.text, "text"),
        "category": str(fact.category),
        "confidence": float(fact.confidence),
        "support": fact.support,
        "superseded_by": indexed_or_none(fact.superseded_by, "superseded_by"),
        "user_id": indexed_or_none(labels.user_id, "user_id"),
        "agent_id": indexed_or_none(labels.agent_id, "agent_id"),
        "run_id": indexed_or_none(labels.run_id, "run_id"),
        **metadata_properties(fact.metadata),
        "_subject": subject,
        "_object": object_,
        "_valid": valid,
        "_invalid": invalid,
        "_expired": expired,
        "_expires": expires,
        "_since": created_at if valid is None else valid,
        "_dated": True if dated else None,
    }


# --- history ---


def change_of(row: Row) -> Change:
    """The change in a list of ``{change_columns}``."""
    return trusted(
        Change,
        id=row[0],
        space=row[1],
        kind=row[2],
        target_id=row[3],
        action=Action(row[4]),
        actor=row[5],
        at=to_time(row[6]),
        reason=row[7],
        episode_id=row[8],
        before=None if row[9] is None else json.loads(row[9]),
        after=None if row[10] is None else json.loads(row[10]),
    )


def change_properties(change: Change) -> dict[str, Any]:
    """All properties of a change but ``_number``."""
    return {
        "id": indexed_text(change.id, "id"),
        "space": change.space,
        "kind": change.kind,
        "target_id": indexed_text(change.target_id, "target_id"),
        "action": str(change.action),
        "actor": plain_text(change.actor, "actor"),
        "_at": to_micros(change.at),
        "reason": plain_text(change.reason, "reason"),
        "episode_id": indexed_or_none(change.episode_id, "episode_id"),
        "before": None if change.before is None else to_json(change.before, "before"),
        "after": None if change.after is None else to_json(change.after, "after"),
    }
