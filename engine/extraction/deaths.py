"""Who has died: "Rex died yesterday", "Mia is dead", "we had to put Rex down"; batteries do not count."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft, is_correction
from factloom.engine.extraction.phrases import entity_type, passing_predicates, phrase, relation_of
from factloom.engine.extraction.predications import Tense, child_of, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.ontology import DEATH, MILESTONE

if TYPE_CHECKING:
    from spacy.tokens import Token

# "Nearly died", "died laughing", "died of shame": nobody has.
_UNHURT: Final = re.compile(
    r"\b(?:almost|nearly|practically|literally|virtually|kind of|sort of|basically|just about|inside|laughing|"
    r"of (?:laughter|laughing|shame|embarrassment|boredom|happiness|joy|excitement|curiosity|jealousy)|"
    r"for (?:it|this))\b|"
    r"\bin (?:the|that|this) (?:film|movie|book|game|show|series|episode|novel|play|dream)\b",
    re.IGNORECASE,
)


def read_death(draft: Draft) -> list[Candidate]:
    """That somebody, or an animal, has died; what ends with that is for reconciliation to know."""
    clause = draft.clause
    if _UNHURT.search(draft.text) is not None:
        return []
    if clause.negated:
        return _denied(draft)
    objects = [t for t in clause.objects if draft.when is None or not _inside(t.idx, draft.when.span)]  # "last March"
    if clause.lemma in ("die", "pass away") and clause.tense is Tense.PAST and not (objects or clause.passive):
        return _died(draft, draft.subjects() or _bare_name(draft), retold=True)
    if clause.copula is not None and _is_dead(clause.verb) and clause.tense is Tense.PRESENT:
        return _died(draft, draft.subjects(), retold=False)
    put = _put_down(draft)
    return _died(draft, [put], retold=False) if put is not None else []


def _inside(index: int, span: tuple[int, int]) -> bool:
    return span[0] <= index < span[1]


# What may stand behind "dead"; before other words it only means "very" ("dead serious", "dead set", "dead on time").
_BEHIND_DEAD: Final = frozenset(
    [
        "and",
        "or",
        "but",
        "now",
        "already",
        "too",
        "sadly",
        "though",
        "since",
        "because",
        "from",
        "of",
        "in",
        "at",
        "by",
        "before",
        "after",
        "for",
        "today",
        "either",
        "as",
        "which",
        "so",
    ]
)
_ALIVE_AFTER_ALL: Final = re.compile(
    r"\bdead (?:in the water|of night|from (?:laughing|laughter|exhaustion|tiredness)|at (?:the )?(?:weekends?|night)|"
    r"after (?:that|this|work|the (?:gym|game|match|run|race|party))|by (?:the )?(?:evening|time))\b",
    re.IGNORECASE,
)


def _is_dead(token: Token) -> bool:
    """Whether "dead" is what somebody is, and no "very" or figure of speech ("so dead", "dead keen on golf")."""
    if token.lower_ != "dead" or any(c.lower_ in ("so", "totally", "absolutely", "half") for c in token.children):
        return False
    after = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
    if after is None or after.is_punct:
        return after is None or after.text != "-"
    closing = after.lower_ in _BEHIND_DEAD or after.i == after.sent.end - 1
    return closing and after.pos_ not in ("ADJ", "NOUN", "VERB") and not _ALIVE_AFTER_ALL.search(token.sent.text)


def _denied(draft: Draft) -> list[Candidate]:
    """For "actually, Rex didn't die": what was told before was wrong."""
    words = draft.text
    if draft.clause.lemma not in ("die", "pass away") or not (is_correction(words) or "after all" in words.lower()):
        return []
    event = Mention(name=DEATH, type="event")
    living = [s for s in draft.subjects() if s.type in ("person", "animal") and not s.is_speaker]
    found = [draft.candidate(s, MILESTONE, event, negated=True, correction=True) for s in living]
    return [candidate for candidate in found if candidate is not None]


def _bare_name(draft: Draft) -> list[Mention]:
    """The name that opens the sentence and that the parse takes for a noun: "Pixel passed away last night"."""
    token = draft.clause.subject
    if token is None or token.pos_ in ("PRON", "DET", "NUM") or token.tag_ == "NNS":
        return []
    bare = token.left_edge.i == token.i == token.right_edge.i and relation_of(token) is None
    called = bare and token.text[:1].isupper() and not token.ent_type_
    return [Mention(name=token.text, type="person", guessed=True)] if called else []


def _put_down(draft: Draft) -> Mention | None:
    """For "Rex was put to sleep", "we had to put Rex down"."""
    clause = draft.clause
    verb = clause.verb
    if clause.lemma == "have" and clause.complement is not None and clause.tense is Tense.PAST:
        verb = clause.complement
    if verb.lemma_.lower() != "put" or clause.tense is not Tense.PAST:
        return None
    down = any(c.lower_ == "down" and c.i > verb.i and preposition(c) == "" for c in verb.children)
    asleep = verb.i + 2 < len(verb.doc) and any(
        t.lower_ == "to" and t.nbor().lower_ == "sleep" for t in verb.doc[verb.i + 1 : draft.sentence.end - 1]
    )
    token = clause.subject if clause.passive else child_of(verb, "obj")
    forced = verb.i != clause.verb.i  # "had to": children are put to sleep every night
    if not (down or asleep) or token is None or not _is_animal(token, draft, named=forced):
        return None
    mention = draft.reader.mention(token, type="animal")
    if mention is None or mention.type not in ("person", "animal"):  # the small parser sees names in many things
        return Mention(name=phrase(token), type="person", guessed=True)
    return mention


def _is_animal(token: Token, draft: Draft, *, named: bool) -> bool:
    """Whether what was put down can be an animal: one by its kind, or a name where ``named`` ones will do."""
    relation = relation_of(token)
    if relation is not None:
        return relation.object == "animal"
    return named and token.tag_ == "NNP" and entity_type(token) != "place"


def _died(draft: Draft, dead: list[Mention], *, retold: bool) -> list[Candidate]:
    event = Mention(name=DEATH, type="event")
    found: list[Candidate | None] = []
    for subject in dead:
        if subject.type == "organisation" and " " not in subject.name:  # the names layer errs; firms close
            subject = subject.model_copy(update={"type": "person", "guessed": True})
        if (
            subject.is_speaker
            or subject.type not in ("person", "animal")
            or subject.name.lower() in vocabulary().machines
        ):
            continue
        when = f" {draft.when.phrase}" if draft.when is not None else ""
        text = f"{subject.name} died{when}."
        if retold:
            text = retell(draft.clause, subject.name, draft.reader, draft.when)
        found.append(draft.candidate(subject, MILESTONE, event, text=text))
    return [candidate for candidate in found if candidate is not None]


def outlived(candidates: list[Candidate]) -> list[Candidate]:
    """What is told of the dead in the same message, such as whose dog it was, is told as over.

    Deaths come behind the bonds that the same words take for granted, so that they end these: "my wife died".
    """
    deaths = {c.subject.name: c for c in candidates if _is_told_death(c)}
    bonds = passing_predicates()
    if any(c.predicate in bonds and c.object is not None and c.object.name in deaths for c in candidates):
        candidates = sorted(candidates, key=_is_told_death)
    return [_ended(c, deaths) for c in candidates]


def _is_told_death(candidate: Candidate) -> bool:
    return candidate.predicate == MILESTONE and _is_death(candidate)


def _is_death(candidate: Candidate) -> bool:
    return candidate.object is not None and candidate.object.name == DEATH and not candidate.negated


def _ended(candidate: Candidate, deaths: dict[str, Candidate]) -> Candidate:
    death = deaths.get(candidate.object.name) if candidate.object is not None else None
    if death is None or candidate.predicate != "HAS_PET" or candidate.invalid_at is not None or candidate.negated:
        return candidate
    until = death.valid_at
    if until is not None and _ON_A_DAY.search(death.text):  # that day was the last
        until += timedelta(days=1)
    begun = candidate.valid_at
    since = begun if begun is not None and until is not None and begun < until else None
    return candidate.model_copy(update={"valid_at": since, "invalid_at": until})


_ON_A_DAY: Final = re.compile(r"\bon \d{1,2} [A-Z]")
