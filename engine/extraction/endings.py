"""What is over: jobs quit, couples parted, trips cancelled. Each closes what it ends and says that it happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.milestones import MARRIAGES
from factloom.engine.extraction.phrases import COUPLES, entity_type, is_content, phrase, relation_of
from factloom.engine.extraction.predications import Clause, Tense, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.sentences import said_in, words_in
from factloom.engine.extraction.vocabulary import gender_of, vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_QUITTING: Final = frozenset({"quit", "leave", "resign"})
_JOB: Final = frozenset({"job", "position", "post", "role"})
_PARTING: Final = frozenset({"break up", "split up", "separate", "break it off"})
_LEFT: Final = frozenset({"left", "dumped", "ditched", "divorced"})
_REASONS: Final = frozenset({"for", "after", "because", "over", "due"})
_PARTNERS: Final = {"separate": MARRIAGES}


def read_ending(draft: Draft) -> list[Candidate]:
    """Candidates of a clause that ends something; empty when it does not."""
    clause = draft.clause
    if clause.negated or clause.tense is Tense.FUTURE:
        return []
    if "go" in words_in(draft.sentence.doc) or "day" in words_in(draft.sentence.doc):
        let_go = _let_go(draft)
        if let_go:
            return let_go
    if clause.lemma in _PARTING and clause.tense is Tense.PAST:
        return _parting(draft)
    if clause.verb.lower_ in _LEFT and clause.tense is Tense.PAST and clause.objects:
        left = _left(draft)
        if left:
            return left
    if (
        clause.lemma in ("cancel", "call off", "fall through")
        or _calls_off(clause)
        or clause.verb.lower_ in ("cancelled", "canceled")
    ):
        return _cancelling(draft)
    if clause.passive and clause.lemma == "make" and re.search(r"\bmade redundant\b", draft.text):
        return _quitting(draft)
    if clause.tense is Tense.PAST and clause.lemma in _QUITTING:
        return _quitting(draft)
    if clause.tense is Tense.PAST and (
        (clause.lemma in ("lay off", "fire") and clause.passive) or clause.lemma == "lose"
    ):
        return _quitting(draft)
    return []


# "Bosch let me go", "today was my last day at Bosch".
_FIRM: Final = r"(?-i:(?!(?:They|He|She|You|It|We|Mum|Mom|Dad)\b)[A-Z][\w&'-]+)"
_LET_GO: Final = re.compile(
    rf"^\W*(?:(?:so|well|and|sadly),? )?(?P<firm>{_FIRM}) (?:has |have )?let me go\b"
    r"(?! (?:to|home|early|out|first|ahead|on|and|with|through|back)\b)"
    r"|^\W*(?:(?:so|well|and),? )?(?:today|yesterday|that|last \w+) (?:was|is) my (?:very )?last day (?:at|with) "
    rf"(?P<place>{_FIRM})",
    re.IGNORECASE,
)


def _let_go(draft: Draft) -> list[Candidate]:
    """That the speaker's job is over, told of the firm or of the last day."""
    match, speaker = _LET_GO.match(draft.text), draft.reader.speaker
    name = match["firm"] or match["place"] if match is not None else None
    if match is None or name is None or speaker is None or gender_of(name) is not None:
        return []
    firm = Mention(name=name, type="organisation")
    text = f"{speaker.name} left the job at {name}{f' {draft.when.phrase}' if draft.when is not None else ''}."
    found = [
        draft.candidate(speaker, "LEFT_JOB_AT", firm, text=text),
        draft.candidate(speaker, "WORKS_FOR", firm, text=text, negated=True),
    ]
    return [candidate for candidate in found if candidate is not None]


def _calls_off(clause: Clause) -> bool:
    """For "we've called off the trip", where the parse takes "off" for a preposition."""
    verb = clause.verb
    return clause.lemma == "call" and verb.i + 1 < len(verb.doc) and verb.nbor().lower_ == "off"


def _quitting(draft: Draft) -> list[Candidate]:
    """For "I quit my job at Corvina", "she left Google", "I got laid off from Enron", "I quit"."""
    clause = draft.clause
    job = next((token for token in clause.objects if token.lemma_.lower() in _JOB), None)
    employer: Mention | None = None
    for case, token in _places_of(clause.objects, clause.obliques):
        if case in ("at", "from", "with") and (entity_type(token) or token.text[:1].isupper()):
            employer = draft.reader.mention(token, type="organisation")
    for token in clause.objects if clause.lemma in ("leave", "quit") else ():
        if entity_type(token) == "organisation" or _is_workplace(token):
            employer = draft.reader.mention(token)
    bare = (
        clause.lemma in ("quit", "resign") and not clause.objects and not clause.obliques and clause.complement is None
    )
    if job is None and employer is None and not bare and not clause.passive:
        return []
    if clause.lemma == "leave" and job is None and employer is None:
        return []
    if employer is not None and employer.name.lower() in _SERVICES and not _WORK.search(said_in(clause.verb.doc)):
        return []  # "I quit Facebook"
    if employer is not None:
        employer = employer.model_copy(update={"type": "organisation"})
    found = []
    for subject in draft.subjects():
        if employer is not None:  # first, so that the leaving is what ended the job
            text = retell(clause, subject.name, draft.reader, draft.when)
            found.append(draft.candidate(subject, "LEFT_JOB_AT", employer, text=text))
        elif (
            subject.is_speaker and clause.tense is Tense.PAST and clause.lemma not in _QUITTING
        ):  # no job need have been told of before
            event = Mention(name="loss of a job" if clause.lemma == "lose" else "dismissal", type="event")
            text = retell(clause, subject.name, draft.reader, draft.when)
            found.append(draft.candidate(subject, "HAD_MILESTONE", event, text=text))
        found.append(draft.candidate(subject, "WORKS_FOR", employer, negated=True))
    return [candidate for candidate in found if candidate is not None]


# What one more often stops using than working for.
_SERVICES: Final = frozenset(
    [
        "facebook",
        "instagram",
        "insta",
        "twitter",
        "x",
        "tiktok",
        "snapchat",
        "reddit",
        "whatsapp",
        "linkedin",
        "netflix",
        "spotify",
        "tinder",
        "bumble",
        "hinge",
        "discord",
        "youtube",
        "duolingo",
        "strava",
        "slack",
        "threads",
        "bluesky",
    ]
)


def _is_workplace(token: Token) -> bool:
    """Whether what was left is a firm that the names layer takes for a person, or a workplace: work is talked about."""
    if not _WORK.search(said_in(token.doc)):
        return False
    if token.text[:1].isupper():
        return token.pos_ == "PROPN" and entity_type(token) == "person" and " " in phrase(token)
    return token.lemma_.lower() in vocabulary().workplaces and any(c.lower_ == "the" for c in token.children)


_WORK: Final = re.compile(
    r"\b(?:jobs?|work(?:s|ing)?|boss|career|position|teach|start-?up|company|hired)\b", re.IGNORECASE
)


def _places_of(objects: list[Token], obliques: list[tuple[str, Token]]) -> list[tuple[str, Token]]:
    nested = [
        (preposition(child), child) for token in objects for child in token.children if child.dep_ in ("nmod", "obl")
    ]
    return [*obliques, *nested]


def _parting(draft: Draft) -> list[Candidate]:
    """For "Tom and I broke up", "I broke up with Tom", "we broke up"."""
    clause = draft.clause
    subjects = draft.subjects()
    partners = subjects[1:]
    for case, token in clause.obliques:
        if case in ("with", "from"):
            partner = draft.reader.mention(token, type="person")
            partners += [partner] if partner is not None else []
    # "Tom and I": the fact is the speaker's.
    subjects.sort(key=lambda mention: not mention.is_speaker)
    if not subjects:
        return []
    subject = subjects[0]
    other = next((m for m in [*subjects[1:], *partners] if m.name != subject.name), None)
    plural = clause.subject is not None and (clause.subject.lower_ in ("we", "they") or bool(subjects[1:]))
    if other is None and not plural:
        return []
    when = f" {draft.when.phrase}" if draft.when is not None else ""
    text = (
        f"{subject.name} and {other.name} broke up{when}."
        if other is not None
        else f"{subject.name} and the partner broke up{when}."
    )
    ended = _PARTNERS.get(clause.lemma, ("HAS_PARTNER",))
    found = [draft.candidate(subject, "BROKE_UP_WITH", other)] if other is not None else []
    found += [draft.candidate(subject, predicate, other, text=text, negated=True) for predicate in ended]
    return [candidate for candidate in found if candidate is not None]


def _left(draft: Draft) -> list[Candidate]:
    """For "my girlfriend Rita left me in 2011", "I divorced my husband": of the two, one is told to be the partner."""
    clause, reader = draft.clause, draft.reader
    token, other = clause.subject, clause.objects[0]
    span = draft.when.span if draft.when is not None else (0, 0)
    elsewhere = [t for case, t in clause.obliques if case not in _REASONS and not span[0] <= t.idx < span[1]]
    given = clause.recipient is not None or len(clause.objects) > 1 or clause.complement is not None
    if token is None or elsewhere or given:  # "I left my husband at home", "my wife left me the car"
        return []
    for partner, owner in ((token, other), (other, token)):
        kin = reader.kin(partner) if relation_of(partner) is not None else None
        left = reader.mention(owner, type="person")
        if kin is None or left is None or kin.owner.name != left.name or kin.relation.predicate not in COUPLES:
            continue
        if kin.relation.predicate == "HAS_EX":
            continue
        text = retell(clause, draft.subjects()[0].name, reader, draft.when) if draft.subjects() else None
        parted = [draft.candidate(kin.owner, "BROKE_UP_WITH", kin.other, text=text)]
        parted += [draft.candidate(kin.owner, kin.relation.predicate, kin.other, text=text, negated=True)]
        return [candidate for candidate in parted if candidate is not None]
    return []


def parted(candidates: list[Candidate]) -> list[Candidate]:
    """What is told of a couple in the message that tells of their parting is told as over."""
    partings = {c.object.name: c for c in candidates if c.predicate == "BROKE_UP_WITH" and c.object and not c.negated}
    return [_over_by(c, partings) for c in candidates] if partings else candidates


def _over_by(candidate: Candidate, partings: dict[str, Candidate]) -> Candidate:
    parting = partings.get(candidate.object.name) if candidate.object is not None else None
    if parting is None or candidate.predicate not in COUPLES - {"HAS_EX"} or candidate.negated:
        return candidate
    if candidate.invalid_at is not None or parting.valid_at is None:
        return candidate
    return candidate.model_copy(update={"valid_at": None, "invalid_at": parting.valid_at})


_CONTRACTS: Final = frozenset({"subscription", "membership", "contract", "account", "order", "policy", "insurance"})


def _cancelling(draft: Draft) -> list[Candidate]:
    """For "I've cancelled the trip to Rome", "the concert was cancelled": the plan is off."""
    clause = draft.clause
    passive = clause.passive or clause.copula is not None or clause.lemma == "fall through"
    called = [*clause.objects, *(noun for case, noun in clause.obliques if case == "off")]
    token = clause.subject if passive else next(iter(called), None)
    speaker = draft.reader.speaker
    if token is None or token.pos_ not in ("NOUN", "PROPN"):
        return []
    name = phrase(token)
    if not is_content(token, name) and token.lemma_.lower() not in vocabulary().trips | {"plan"}:
        return []
    event = Mention(name=name, type="event")
    found: list[Candidate | None] = []
    subjects = draft.subjects() if not passive else []
    text = f"The {name} was cancelled{' ' + draft.when.phrase if draft.when else ''}."
    for subject in subjects or ([speaker] if speaker is not None else []):
        if token.lemma_.lower() in _CONTRACTS:  # never a plan
            found.append(draft.candidate(subject, "CANCELLED", event) if not passive else None)
            continue
        found.append(draft.candidate(subject, "PLANS_TO", event, text=text, negated=True))
        if not passive:
            found.append(draft.candidate(subject, "CANCELLED", event))
    if passive:
        found.append(draft.candidate(event, "PLANNED_FOR", None, text=text, negated=True))
        found.append(draft.candidate(event, "WAS_CANCELLED", Mention(name="cancelled", type="value"), text=text))
    return [candidate for candidate in found if candidate is not None]
