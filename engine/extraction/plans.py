"""Plans and wants: "I'm moving to Porto in May", "we want to visit Rome", "I'm going to start a blog"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_clause, read_complement
from factloom.engine.extraction.dates import When, find_when
from factloom.engine.extraction.drafting import FAIR, SURE, Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.phrases import entity_type, is_content, phrase
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense
from factloom.engine.extraction.rendering import activity, named_once, retell
from factloom.engine.extraction.sentences import lemmas_in
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_PLANNING: Final = frozenset({"plan", "intend", "aim", "hope", "decide", "arrange"})
_WANTING: Final = frozenset({"want", "wish"})
_ORGANISING: Final = frozenset({"plan", "organize", "organise", "put together", "host"})
_SHIFTING: Final = frozenset({"postpone", "postpon", "reschedule", "move", "push back", "delay", "shift"})
_AIMS: Final = {"plan": "PLANS_TO"} | dict.fromkeys(("goal", "dream", "aim", "ambition"), "WANTS_TO")
_ADJECTIVES: Final = frozenset({"planning", "going"})
# Verbs whose present progressive tells the future even without a date.
_GOING: Final = frozenset({"move", "travel", "fly", "visit", "marry", "relocate", "leave", "take over", "move in"})


def read_plan(draft: Draft) -> list[Candidate]:
    """Candidates of a clause that says what somebody is going to do, or wants to."""
    clause = draft.clause
    if clause.negated or (clause.subject is None and not clause.implicit):
        return []
    if clause.lemma in _SHIFTING and clause.objects and draft.when is not None and draft.when.end > draft.anchor:
        return _planned_event(draft)
    if clause.lemma in _ORGANISING and clause.progressive and clause.tense is Tense.PRESENT and clause.objects:
        return _planned_event(draft)
    aim = _aim(draft)
    if aim:
        return aim
    predicate, planned = _planned(draft)
    if predicate is None or planned is None:
        return []
    moving = planned.lemma in _MOVING and (draft.when is not None or planned is not clause)
    if not (moving or _stops(planned) or _changing(planned) or _substantial(planned)):
        return []
    if planned is not clause and draft.when is None:  # "thinking about going next month": the date is the inner one's
        ahead = Draft.of(replace(planned, tense=Tense.FUTURE), draft.sentence, draft.reader, draft.anchor)
        draft = replace(draft, when=ahead.when)
    doing = _changing(planned) or activity(planned, draft.reader, draft.when)
    if doing is None and planned.lemma in ("retire", "graduate", "marry", "divorce", *_MOVING):
        doing = planned.lemma  # "retire"
    if doing is None and _stops(planned) and planned.complement is not None:
        doing = f"{planned.lemma} {planned.complement.lower_}"  # "quit smoking"
    if doing is None or _hollow(doing) or _TRIVIAL.match(doing):
        return []
    object = Mention(name=doing[:200], type="activity")
    # No more than that, so it is told so.
    considered = planned is not clause and (clause.lemma in ("think", "consider", "train") or clause.copula is not None)
    confidence = SURE if predicate == "PLANS_TO" and not considered else FAIR
    found = [
        draft.candidate(
            subject,
            predicate,
            object,
            text=retell(clause, subject.name, draft.reader, draft.when) if considered else None,
            confidence=confidence,
        )
        for subject in draft.subjects()
    ]
    # A plan is held from the moment it is told, whenever it is meant to happen.
    return [
        candidate.model_copy(
            update={"valid_at": draft.anchor, "metadata": {**candidate.metadata, **_planned_for(draft)}}
        )
        for candidate in found
        if candidate is not None
    ]


def _stops(clause: Clause) -> bool:
    """For "decided to quit smoking"."""
    doing = clause.complement
    return clause.lemma in ("quit", "stop", "give up") and doing is not None and doing.tag_ == "VBG"


_MOVING: Final = frozenset({"move in", "move out", "move house"})


def _changing(clause: Clause) -> str | None:
    """For "I'm getting married in September"."""
    getting = any(c.lower_ == "getting" for c in clause.verb.children)
    verb = clause.verb
    inner = clause.complement
    if clause.lemma == "get" and clause.progressive and inner is not None and inner.tag_ == "VBN":
        return f"get {inner.lower_}" if verb_lemma(inner) in vocabulary().milestones else None
    return f"get {verb.lower_}" if clause.passive and getting and verb_lemma(verb) in vocabulary().milestones else None


def _planned_event(draft: Draft) -> list[Candidate]:
    """For "I'm planning a trip to Rome"."""
    objects = [t for t in draft.clause.objects if draft.clause.lemma in _ORGANISING or _is_occasion(t)]
    events = [draft.reader.mention(token, type="event") for token in objects]
    found = [
        draft.candidate(subject, "PLANS", event)
        for subject in draft.subjects()
        for event in events
        if event is not None
    ]
    return [
        c.model_copy(update={"valid_at": draft.anchor, "metadata": {**c.metadata, **_planned_for(draft)}})
        for c in found
        if c is not None
    ]


def _is_occasion(token: Token) -> bool:
    return token.lemma_.lower() in vocabulary().occasions


def _aim(draft: Draft) -> list[Candidate]:
    """For "my goal is to run a marathon", "the plan is to move": whose aim it is owns the noun."""
    clause = draft.clause
    turned = _aimed_at(draft)
    if turned:
        return turned
    predicate = _AIMS.get(clause.subject.lemma_.lower()) if clause.subject is not None else None
    infinitive = any(c.dep_ == "mark" and c.tag_ == "TO" for c in clause.verb.children)
    if predicate is None or clause.subject is None or clause.copula is None or not infinitive:
        return []
    owner = next((c for c in clause.subject.children if c.dep_ == "nmod:poss"), None)
    holder = draft.reader.mention(owner, type="person") if owner is not None else None
    doing = activity(replace(clause, copula=None), draft.reader, draft.when)
    if holder is None or doing is None or clause.tense is Tense.PAST:
        return []
    object = Mention(name=doing[:200], type="activity")
    fact = draft.candidate(
        holder, predicate, object, text=named_once(f"{holder.name} {_SAID[predicate]} {doing}.", holder.name)
    )
    return [fact.model_copy(update={"valid_at": draft.anchor, "metadata": _planned_for(draft)})] if fact else []


def _aimed_at(draft: Draft) -> list[Candidate]:
    """For "winning the league is my number one goal", "visiting Peru is on my bucket list"."""
    clause, speaker = draft.clause, draft.reader.speaker
    doing = next((c for c in clause.verb.children if c.dep_ in ("csubj", *SUBJECTS) and c.tag_ == "VBG"), None)
    aimed = clause.verb.lemma_.lower() in ("goal", "dream", "aim", "ambition", "list", "plan")
    owned = any(c.dep_ == "nmod:poss" and c.lower_ in ("my", "our") for c in clause.verb.children)
    if doing is None or not (aimed and owned) or speaker is None or clause.tense is Tense.PAST or clause.copula is None:
        return []
    told = activity(read_clause(doing), draft.reader, draft.when)
    if told is None or any(c.dep_ in SUBJECTS for c in doing.children):
        return []
    object = Mention(name=told[:200], type="activity")
    fact = draft.candidate(speaker, "WANTS_TO", object, text=f"{speaker.name} wants to {told}.")
    return [fact.model_copy(update={"valid_at": draft.anchor, "metadata": _planned_for(draft)})] if fact else []


_TAKING_UP: Final = frozenset({"start", "begin", "find", "get", "quit", "leave", "change"})
_NAMING: Final = frozenset({"NOUN", "PROPN", "X"})
_SAID: Final = {"PLANS_TO": "plans to", "WANTS_TO": "wants to"}


def _planned(draft: Draft) -> tuple[str | None, Clause | None]:
    clause = draft.clause
    lemma = clause.lemma
    complement = read_complement(clause)
    if clause.wished:
        if clause.objects:
            return None, None  # "I'd like my son to study law"
        return ("WANTS_TO", complement) if complement is not None else (None, None)
    eager = _EAGER.get(clause.verb.lower_) if clause.copula is not None or clause.passive or clause.implicit else None
    if eager is not None and clause.tense is Tense.PRESENT and complement is not None:
        return (eager, complement) if _is_ahead(complement) else (None, None)
    if lemma == "train" and clause.progressive and complement is not None and complement.copula is not None:
        return "PLANS_TO", complement  # "I'm training to be a midwife"
    present = clause.tense is Tense.PRESENT or (clause.perfect and (clause.progressive or lemma in _WANTING))
    considered = _considered(draft) if present else None
    if considered is not None:
        return "PLANS_TO", considered
    if complement is not None and complement.copula is not None and lemma in _WANTING and present:
        article = any(c.dep_ == "det" and c.lower_ in ("a", "an") for c in complement.verb.children)
        return ("WANTS_TO", complement) if article else (None, None)
    if complement is not None and complement.verb.pos_ == "VERB" and complement.copula is None:
        if lemma in _PLANNING and (present or clause.progressive or clause.perfect or lemma == "decide"):
            return "PLANS_TO", complement
        if lemma == "go" and clause.progressive and present:
            return "PLANS_TO", complement
        if lemma in _WANTING and present and not clause.objects and clause.recipient is None:
            return "WANTS_TO", complement  # "we want it to spread" is not what we do
    dated = draft.when is not None and draft.when.end > draft.anchor
    if dated and lemma in ("have", "need") and complement is not None and complement.verb.tag_ == "VB" and present:
        return "PLANS_TO", complement
    if (clause.passive or clause.progressive) and present and _changing(clause) is not None:
        return "PLANS_TO", clause
    ahead = clause.progressive and present and not clause.perfect  # "I've been going there" lies behind
    if ahead and (lemma in _GOING or dated) and (lemma != "go" or dated):
        return "PLANS_TO", clause
    if present and dated and lemma in vocabulary().scheduled and not clause.perfect and not clause.progressive:
        return "PLANS_TO", clause
    if clause.tense is Tense.FUTURE and (dated or clause.hearsay):
        return "PLANS_TO", clause
    place = any(case == "to" and entity_type(t) == "place" for case, t in clause.obliques)
    if ahead and lemma == "go" and place:
        return "PLANS_TO", clause
    # "I'm going to a conference this month" went through above; without a date, an occasion tells that it is ahead.
    occasion = any(t.lemma_.lower() in vocabulary().occasions for _, t in clause.obliques)
    if ahead and lemma in ("go", "come") and occasion:
        return "PLANS_TO", clause
    return None, None


def _is_ahead(clause: Clause) -> bool:
    """Whether what somebody is eager to do is a doing of their own, yet to come, and no company or kind word."""
    return clause.verb.tag_ == "VB" and clause.copula is None and clause.lemma not in _NEARBY


# Adjectives of those who have made up their minds, and of those who look forward.
_EAGER: Final = dict.fromkeys(("determined", "set", "about", "due", "scheduled", "ready"), "PLANS_TO") | dict.fromkeys(
    ("excited", "eager", "keen", "dying", "pumped", "stoked", "thrilled", "itching"), "WANTS_TO"
)
_NEARBY: Final = frozenset(
    [
        "have",
        "hear",
        "help",
        "share",
        "see",
        "know",
        "chat",
        "catch",
        "be",
        "support",
        "talk",
        "make",
        "keep",
        "get",
        "listen",
        "take",
    ]
)


def _considered(draft: Draft) -> Clause | None:
    """The clause in "we're thinking about going camping", "looking forward to moving", "I plan on studying law"."""
    clause = draft.clause
    wanted = _CONSIDERING.get(clause.lemma)
    if wanted is None or not (clause.progressive or clause.lemma == "plan"):
        return None
    if clause.lemma == "consider" and clause.complement is not None and clause.complement.tag_ == "VBG":
        return read_complement(clause)
    for child in clause.verb.children:
        marked = {c.lower_ for c in child.children if c.dep_ in ("mark", "case")}
        if child.tag_ == "VBG" and child.i > clause.verb.i and marked & wanted:
            inner = read_clause(child)
            inner.subject = clause.subject
            return inner if not any(c.dep_ in SUBJECTS for c in child.children) else None
    return None


_CONSIDERING: Final = {
    "think": frozenset({"about", "of"}),
    "look": frozenset({"to"}),
    "plan": frozenset({"on"}),
    "consider": frozenset({""}),
}


def read_occasion(drafts: list[Draft]) -> list[Candidate]:
    """For "before my wedding in May", "my interview is on Tuesday": an event of one's own on a day to come.

    ``drafts`` are the clauses of one sentence; what was said in the past tense is over.
    """
    found: list[Candidate] = []
    draft = drafts[0]
    if vocabulary().occasions.isdisjoint(lemmas_in(draft.sentence.doc)):
        return []
    over = {t.i for each in drafts if each.clause.tense is Tense.PAST for t in each.clause.verb.subtree}
    for token in draft.sentence:
        lemma = token.lemma_.lower()
        if token.i in over:
            continue
        if (
            lemma not in vocabulary().occasions
            or lemma == "birthday"
            or (token.tag_ in ("NNS", "NNPS") and lemma != "exam")
        ):
            continue
        owner = next((c for c in token.children if c.dep_ == "nmod:poss"), None)
        holder = draft.reader.mention(owner, type="person") if owner is not None else None
        if holder is None or holder.type not in ("person", "animal"):
            continue
        when = _day_of(draft, token)
        if when is None or when.start <= draft.anchor:
            continue
        told = replace_when(draft, when)
        name = re.split(r"\s(?:in|on|at|next|this)\b", phrase(token))[0]
        text = f"{holder.name}'s {name} is {when.phrase}."
        fact = told.candidate(holder, "PLANS", Mention(name=name, type="event"), text=text)
        if fact is not None:
            metadata = {**fact.metadata, **_planned_for(told)}
            found.append(fact.model_copy(update={"valid_at": draft.anchor, "metadata": metadata}))
    return found


def _day_of(draft: Draft, token: Token) -> When | None:
    """The day named right after an event: "my wedding in May", "my interview is on Tuesday"."""
    doc, start = token.doc, token.i + 1
    while start < draft.sentence.end and doc[start].lower_ in ("is", "are", "'s", "will", "be", "coming", "up"):
        start += 1
    rest = doc[start : draft.sentence.end]
    if not len(rest):
        return None
    when = find_when(rest.text, draft.anchor, future=True)
    if when is None or when.span[0] > 0:
        return None
    return replace(when, span=(when.span[0] + rest.start_char, when.span[1] + rest.start_char))


def replace_when(draft: Draft, when: When) -> Draft:
    """The same draft at another time."""
    return replace(draft, when=when, period=None)


def _substantial(clause: Clause) -> bool:
    """Whether the activity has a verb and an object that say something ("check it out" does not)."""
    lists = vocabulary()
    nouns = [*clause.objects, *(token for _, token in clause.obliques)]
    solid = [t for t in nouns if t.lower_ == "there" or (_is_named(t) and is_content(t, phrase(t)))]
    if clause.lemma == "turn" and any(t.like_num for t in [*clause.objects, *(noun for _, noun in clause.obliques)]):
        return True
    if clause.lemma in _TAKING_UP and any(t.lemma_.lower() in ("job", "degree", "internship") for t in clause.objects):
        return True
    if clause.copula is not None:
        return is_content(clause.verb, phrase(clause.verb))
    if clause.lemma in lists.empty_verbs - vocabulary().scheduled - {"get"} and clause.lemma not in lists.light_verbs:
        return False
    milestone = any(c.lemma_.lower() in lists.milestones for c in clause.verb.children if c.dep_ == "xcomp")
    if clause.lemma == "go" and clause.complement is not None and clause.complement.tag_ == "VBG":
        return True  # "go camping"
    described = [t for t in nouns if any(c.dep_ in ("acl", "acl:relcl", "amod", "nmod") for c in t.children)]
    if clause.lemma in _CAUSES and any(t.pos_ == "NOUN" for t in described):
        return True  # "help people who have gone through the same"
    return bool(solid) or clause.verb.lemma_.lower() in lists.milestones or (clause.lemma == "get" and milestone)


def _hollow(doing: str) -> bool:
    """Whether what is left of a plan says nothing: "help people", "help in any way"."""
    words = doing.split()
    return words[0] == "help" and words[-1] in vocabulary().empty_nouns and len(words) <= 4


# What everybody does any day: going to bed, home, or to the shop.
_TRIVIAL: Final = re.compile(
    r"(?:go|head|get|run|pop|nip|walk|drive|come|leave)"
    r"(?: (?:straight|back|over|off|out|down|up|right|early|soon|now))* "
    r"?(?:for |to |in )?(?:(?:the|a|my|their) )?(?:bed|sleep|home|out|outside|inside|shops?|store|supermarket|"
    r"grocery store|groceries|mall|bakery|bathroom|toilet|loo|kitchen|shower|walk|run|nap|couch|sofa)"
    r"(?: (?:early|late|soon|now|again|later|first|quickly))*$",
    re.IGNORECASE,
)
_CAUSES: Final = frozenset({"help", "support", "create", "build", "raise", "teach", "inspire", "protect"})


def _is_named(token: Token) -> bool:
    return token.pos_ in _NAMING or (token.pos_ == "ADJ" and token.text[:1].isupper())  # "learn Spanish"


def _planned_for(draft: Draft) -> dict[str, str]:
    if draft.when is None:
        return {}
    return {"planned_for": draft.when.start.date().isoformat(), "precision": draft.when.precision}
