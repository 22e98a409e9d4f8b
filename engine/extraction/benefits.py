"""What does somebody good and what matters to them: "running helps me switch off", "my family means a lot to me"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.mentions import FIRST_PERSON
from factloom.engine.extraction.phrases import conjuncts, relation_of
from factloom.engine.extraction.predications import SUBJECTS, Tense, preposition
from factloom.engine.extraction.rendering import named_once, retell
from factloom.engine.extraction.vocabulary import gender_of, vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

# Verbs that say so with whatever follows, and those that need to say what they give.
_HELPING: Final = frozenset(
    {"help", "keep", "calm", "relax", "ground", "comfort", "soothe", "motivate", "inspire", "energize", "energise"}
    | {"let", "lift", "cheer", "cheer up", "drive", "push", "fulfil", "fulfill", "fascinate", "refresh", "recharge"}
)
_GIVING: Final = frozenset({"bring", "give", "fill"})
_FOR_ME: Final = frozenset(
    ["great", "good", "therapeutic", "amazing", "awesome", "important", "healing", "relaxing", "calming", "essential"]
)
_DEAR: Final = frozenset({"important", "special", "dear", "essential", "meaningful", "precious", "sacred"})
_SOOTHING: Final = frozenset({"relaxing", "calming", "therapeutic", "soothing", "cathartic", "peaceful"})
_MUCH: Final = frozenset({"lot", "world", "everything", "much", "ton", "deal"})
_OWN_CIRCLES: Final = frozenset(
    ["family", "team", "friends", "teammates", "students", "fans", "church", "faith", "community", "husband", "wife"]
)
_LEANING: Final = re.compile(
    r"\b(?:it|this|that|these|those|you|your|yours|he|she|they|them|his|there|thing|stuff)\b", re.I
)
_OPENING: Final = re.compile(r"^(?:(?:yeah|yes|yep|but|and|plus|well|oh|so|also)\b[, ]*)+", re.IGNORECASE)
LONGEST: Final = 60  # characters of what does somebody good


def read_benefit(draft: Draft) -> list[Candidate]:
    """For "painting helps me express myself", "music is my escape", "my garden means a lot to me"."""
    clause, speaker = draft.clause, draft.reader.speaker
    if speaker is None or clause.negated or clause.hearsay or clause.passive or clause.tense is Tense.FUTURE:
        return []
    if clause.tense is Tense.PAST and not clause.perfect:
        return []
    predicate = _matters(draft) if clause.copula is not None else _acts(draft)
    subject = clause.subject or next((c for c in clause.verb.children if c.dep_ == "csubj"), None)
    told = _told(subject) if predicate is not None and subject is not None else None
    if subject is None or predicate is None or told is None:
        return []
    text = retell(clause, _third(told, speaker.name), draft.reader, None) if clause.subject is not None else ""
    if clause.subject is None:
        rest = draft.sentence.doc[subject.right_edge.i + 1 : draft.sentence.end].text
        text = f"{_third(told, speaker.name)} {_third(re.split(r'[,;.!?]| (?:and|but|so) ', rest)[0], speaker.name)}."
        text = text[:1].upper() + re.sub(r"\b(?:me|us)\b", speaker.name, re.sub(r"\s+", " ", text[1:]))
        text = text.replace(" 's ", " is ").replace(" .", ".")
    text = named_once(text, speaker.name)
    if _LEANING.search(text):
        return []
    found = [
        draft.candidate(speaker, predicate, thing, text=text, confidence=FAIR) for thing in _things(draft, subject)
    ]
    return [candidate for candidate in found if candidate is not None]


def _acts(draft: Draft) -> str | None:
    """The predicate of a verb that does the speaker good."""
    clause = draft.clause
    beyond = [(preposition(c), c) for noun in clause.objects for c in noun.children if c.dep_ == "nmod"]
    meant = [noun for case, noun in [*clause.obliques, *beyond] if case == "to" and noun.lower_ == "me"]
    beside = {t.lemma_.lower() for t in clause.verb.children if t.i > clause.verb.i}
    if clause.lemma == "mean" and meant and beside & _MUCH:
        return "VALUES"
    mine = [t for t in (*clause.objects, clause.recipient) if t is not None and t.lower_ in ("me", "us")]
    mine += [c for c in clause.verb.children if c.lower_ == "me" and c.i > clause.verb.i]
    inner = [c for t in clause.verb.children if t.dep_ in ("ccomp", "xcomp") for c in t.children if c.dep_ in SUBJECTS]
    mine += [c for c in inner if c.lower_ == "me"]
    if not mine:
        return None
    if clause.lemma in _HELPING:
        return "HELPED_BY"
    given = {t.lemma_.lower() for noun in clause.objects for t in conjuncts(noun)}
    if clause.lemma in _GIVING and given & vocabulary().gifts:
        return "HELPED_BY"
    after = {t.lower_ for t in clause.verb.subtree if t.i > clause.verb.i}
    if clause.lemma in ("put", "get") and after & {"mood", "energized", "energised", "moving", "thinking", "pumped"}:
        return "HELPED_BY"
    return "HELPED_BY" if clause.lemma == "make" and after & vocabulary().better else None


def _matters(draft: Draft) -> str | None:
    """The predicate of "… is important to me", "… is my escape", "… has been great for me"."""
    clause = draft.clause
    noun = clause.verb
    to = {case for case, t in clause.obliques if t.lower_ == "me"}
    to |= {preposition(c) for c in noun.children if c.lower_ == "me"}
    if noun.lower_ in _DEAR and "to" in to:
        return "VALUES"
    if noun.lower_ in _FOR_ME and "for" in to:
        return "HELPED_BY"
    soothing = noun.lower_ in _SOOTHING and clause.verb.tag_ in ("JJ", "VBG") and clause.subject is not None
    if soothing and not _LEANING.search(draft.text) and clause.tense is Tense.PRESENT:
        return "HELPED_BY"
    owned = any(c.dep_ == "nmod:poss" and c.lower_ == "my" for c in noun.children)
    owned = owned or any(c.lower_ == "me" and preposition(c) == "for" for c in noun.children)
    return "HELPED_BY" if owned and noun.lemma_.lower() in vocabulary().refuges and clause.subject is not None else None


def _told(subject: Token) -> str | None:
    """The words of what does good, if they say so by themselves: what one does, a kind of thing, or one's own."""
    words = subject.doc[subject.left_edge.i : subject.right_edge.i + 1]
    text = _OPENING.sub("", words.text.strip(" ,"))
    if len(text) > LONGEST or _LEANING.search(text) or any(t.tag_ in ("WP", "WDT", "WRB") for t in words):
        return None
    determiners = {c.lower_ for c in subject.children if c.dep_ in ("det", "nmod:poss")}
    if subject.tag_ != "VBG" and determiners - {"my"}:
        return None
    if subject.tag_ != "VBG" and subject.pos_ not in ("NOUN", "PROPN", "X"):
        return None
    opening = subject.left_edge.i == subject.sent.start and subject.left_edge.ent_type_ == ""
    return text[:1].lower() + text[1:] if opening and subject.left_edge.pos_ != "PROPN" else text


def _third(text: str, name: str) -> str:
    """The words with the speaker's own in the third person."""
    text = re.sub(r"\b(?:my|our)\b", f"{name}'s", text, flags=re.IGNORECASE)
    return re.sub(r"\bmyself\b|\bourselves\b", "themselves", text)


def _things(draft: Draft, subject: Token) -> list[Mention]:
    """What does good, as mentions: activities, kinds of things, relatives, and circles of one's own."""
    own = any(c.dep_ == "nmod:poss" and c.lower_ in FIRST_PERSON for c in subject.children)
    assert draft.reader.speaker is not None
    if own and subject.lower_ in _OWN_CIRCLES and relation_of(subject) is None:
        return [Mention(name=f"{draft.reader.speaker.name}'s {subject.lower_}")]
    if subject.tag_ == "VBG":
        if subject.lemma_.lower() in ("be", "have", "know", "see", "get", "hear", "imagine", "think", "believe"):
            return []
        kept = next((c for c in subject.children if c.dep_ in ("xcomp", "advmod", "amod") and c.pos_ == "ADJ"), None)
        if kept is not None and kept.i == subject.i + 1:
            return [Mention(name=f"{subject.lower_} {kept.lower_}", type="activity")]
        bare = not any(c.dep_ in ("obj", "obl", "xcomp", "ccomp") for c in subject.children)
        if bare:
            named = [t for t in conjuncts(subject) if t.tag_ == "VBG"]
            return [Mention(name=t.lower_, type="activity") for t in named]
    found = draft.things(subject)
    if _is_common(subject, draft):  # of which the names layer makes places and people
        found = [thing.model_copy(update={"name": _lowered(thing.name)}) for thing in found]
        found = [t if t.type == "activity" else t.model_copy(update={"type": "thing"}) for t in found]
    return [thing for thing in found if not thing.is_speaker and thing.name.lower() not in vocabulary().empty_nouns]


def _is_common(subject: Token, draft: Draft) -> bool:
    """Whether the capital of a subject is only that of the sentence: "Music is my escape"."""
    if subject.left_edge.i > draft.sentence.start + 1:
        return False
    first = subject.left_edge if subject.left_edge.is_alpha else subject
    word = first.lower_
    if first.tag_ in ("NN", "NNS", "VBG", "JJ") or word in vocabulary().common_subjects:
        return True
    if subject.ent_type_ == "PER" and not word.endswith("ing"):
        return False
    return gender_of(word) is None and word not in draft.reader.known and _ABSTRACT.search(word) is not None


_ABSTRACT: Final = re.compile(r"(?:ing|ship|ness|ity|tion|sion|ment|ance|ence|ism|ics|hood|phy|[^s]s)$")


def _lowered(name: str) -> str:
    return name if name[1:] != name[1:].lower() else name[:1].lower() + name[1:]
