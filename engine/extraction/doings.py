"""What was done, and what is done by habit: facts whose predicate is the verb itself ("BORROW_FROM")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_clause, read_complement
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import gerund, verb_lemma
from factloom.engine.extraction.phrases import conjuncts, entity_type, phrase, relation_of
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.records import Category

if TYPE_CHECKING:
    from spacy.tokens import Token


_TELLING_PREPOSITIONS: Final = frozenset(
    {"to", "at", "in", "for", "on", "from", "into", "about", "against", "around", "over"}
)


def read_done(draft: Draft) -> list[Candidate | None]:
    """The fallback: somebody did something to something, in the past tense."""
    clause, lists = draft.clause, vocabulary()
    if clause.tense is not Tense.PAST or clause.hearsay:
        return []
    if clause.passive:
        return _undergone(draft)
    if clause.progressive:
        return []
    tag = clause.complement.tag_ if clause.complement is not None else ""
    if clause.lemma == "get" and any(c.lower_ == "done" for c in clause.verb.children):
        return _got_done(draft)
    if (clause.lemma in _ACHIEVING and tag == "VB") or (clause.lemma in _ENDING and tag == "VBG"):
        inner = read_complement(clause)  # "I got to volunteer at a fair", "I finished reading Emma"
        if inner is not None:
            done = read_done(Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when))
            lead = "HELP_" if clause.lemma == "help" else ""
            return [
                c
                and c.model_copy(
                    update={
                        "text": retell(clause, c.subject.name, draft.reader, draft.when),
                        "predicate": f"{lead}{c.predicate}",
                    }
                )
                for c in done
            ]
    if clause.verb.dep_ == "acl:relcl" and not clause.objects:
        return []  # "the kids I met at the shelter": what was met stands outside
    going = _going(draft)
    if going:
        return going
    verb = verb_lemma(clause.verb)
    if clause.complement is not None and clause.objects:
        return _outing(draft)  # "took my family camping", but not "made me laugh"
    if not re.fullmatch(r"[a-z]{2,20}", verb) or (verb in lists.empty_verbs and verb not in lists.light_verbs):
        return []
    role, nouns = "", [t for noun in clause.objects for t in conjuncts(noun)]
    if not nouns or _takes_along(draft):
        role, nouns = _main_oblique(draft)
    found: list[Candidate | None] = []
    back = "back" if role and any(c.lower_ == "back" and c.dep_ == "advmod" for c in clause.verb.children) else ""
    name = "_".join(part for part in (verb, clause.particle, back, role) if part).upper()
    for noun in nouns[:3]:
        object = draft.reader.mention(noun) if noun.pos_ in ("NOUN", "PROPN", "PRON", "X") else None
        if object is not None and (object.is_speaker or (verb == "get" and relation_of(noun) is not None)):
            continue  # "it brought me joy"; who got a cat has one
        if object is None or (
            verb in lists.light_verbs - _EVENTFUL and not (role == "to" or is_specific(noun, object))
        ):
            continue
        told = draft.when is not None and is_specific(noun, object)
        if verb == "have" and not told and noun.lemma_.lower() not in lists.occasions | lists.conditions:
            continue
        for subject in draft.subjects():
            if subject.type in ("person", "animal"):
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, name, object, text=text, confidence=FAIR))
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


_ACHIEVING: Final = frozenset({"get", "manage", "have", "help"})
_ENDING: Final = frozenset({"finish", "end up", "complete"})


def _got_done(draft: Draft) -> list[Candidate | None]:
    """For "I just got done submitting my script to a contest"."""
    beside = [*draft.clause.verb.children, *(draft.clause.complement.children if draft.clause.complement else ())]
    doing = next((c for c in beside if c.tag_ == "VBG" and c.dep_ in ("xcomp", "advcl")), None)
    if doing is None:
        return []
    inner = read_clause(doing)
    inner.subject, inner.tense, inner.factual = draft.clause.subject, Tense.PAST, True
    inner.progressive = False
    found = read_done(Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when))
    told = {s.name: retell(draft.clause, s.name, draft.reader, draft.when) for s in draft.subjects()}
    return [c and c.model_copy(update={"text": told.get(c.subject.name, c.text)}) for c in found]


def _undergone(draft: Draft) -> list[Candidate | None]:
    """For "I was drafted by a team", "she got accepted to Harvard": what was done to somebody."""
    clause = draft.clause
    lemma = clause.lemma
    if clause.negated or not (verb_lemma(clause.verb) in vocabulary().undergone or lemma in _REFUSED):
        return []
    found: list[Candidate | None] = []
    for case, noun in clause.obliques:
        if case not in ("by", "to", "into", "for", "with", "as", "from", "at") or noun.pos_ not in (
            "NOUN",
            "PROPN",
            "X",
        ):
            continue
        object = draft.reader.mention(noun)
        particle = f"_{clause.particle}" if lemma in _REFUSED else ""
        name = f"WAS_{clause.verb.lower_}{particle}_{case}".upper()
        if object is None or not re.fullmatch(r"[A-Z_]+", name):
            continue
        for subject in draft.subjects():
            if subject.type in ("person", "animal"):
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, name, object, text=text, confidence=FAIR))
        break
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


_REFUSED: Final = frozenset({"turn down", "pass over", "kick out", "pick up"})


def _takes_along(draft: Draft) -> bool:
    """For "I took the kids to the museum": where is worth more than whom."""
    clause = draft.clause
    if clause.lemma not in ("take", "bring", "drive", "invite", "accompany"):
        return False
    return any(case == "to" and noun.pos_ in ("NOUN", "PROPN") for case, noun in clause.obliques)


def _outing(draft: Draft) -> list[Candidate | None]:
    """For "I took my family camping"."""
    clause = draft.clause
    outing = clause.complement
    if clause.lemma != "take" or outing is None or outing.tag_ != "VBG" or clause.tense is not Tense.PAST:
        return []
    object = Mention(name=outing.lower_, type="activity")
    text = [retell(clause, subject.name, draft.reader, draft.when) for subject in draft.subjects()]
    found = [
        draft.candidate(s, "GO", object, text=t, confidence=FAIR) for s, t in zip(draft.subjects(), text, strict=True)
    ]
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


def _going(draft: Draft) -> list[Candidate | None]:
    """For "we went camping with my family"."""
    clause = draft.clause
    activity_ = next(
        (c for c in clause.verb.children if c.tag_ in ("VBG", "NN") and c.dep_ in ("xcomp", "advcl", "obj", "obl")),
        None,
    )
    if (
        clause.lemma != "go"
        or activity_ is None
        or activity_.i != clause.verb.i + 1
        or not activity_.text.endswith("ing")
    ):
        return []
    object = Mention(name=activity_.lower_, type="activity")
    found = [
        draft.candidate(
            subject, "GO", object, text=retell(clause, subject.name, draft.reader, draft.when), confidence=FAIR
        )
        for subject in draft.subjects()
    ]
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


def read_medicine(draft: Draft) -> list[Candidate | None]:
    """For "now I take ramipril", "I've stopped the bisoprolol", "the doctor put me on insulin"."""
    clause = draft.clause
    over = clause.lemma in ("stop", "quit", "come off") or clause.no_longer
    if clause.lemma not in ("take", "use") and not over:
        return []
    nouns = [t for noun in clause.objects for t in conjuncts(noun) if is_medicine(t)]
    if clause.tense is Tense.PAST and not (over or clause.perfect):
        return []
    negated = over or clause.negated
    return [
        draft.candidate(subject, "TAKES", Mention(name=phrase(noun).lower(), type="medicine"), negated=negated)
        for noun in nouns
        for subject in draft.subjects()
    ]


def is_medicine(token: Token) -> bool:
    """Whether a noun names a medicine: by the list, or by the ending of its name."""
    lists = vocabulary().medicines
    return token.lower_ in lists or token.lemma_.lower() in lists or _MEDICINE.search(token.lower_) is not None


def read_habit(draft: Draft) -> list[Candidate | None]:
    """The fallback for what somebody does, or has been doing: "I teach yoga on Tuesdays", "I've been reading Emma"."""
    clause, lists = draft.clause, vocabulary()
    ongoing = clause.tense is Tense.PRESENT or (clause.perfect and clause.progressive)
    verb = clause.base or verb_lemma(clause.verb)
    if any(child.lower_ in ("all", "both") for child in clause.verb.children):
        return []  # "we all have our own paths"
    if (
        not ongoing
        or clause.passive
        or clause.hearsay
        or clause.complement is not None
        or not re.fullmatch(r"[a-z]{2,20}", verb)
    ):
        return []
    doing = _regular(draft)
    if doing:
        return doing
    pastime = _pastime(draft, verb)
    if pastime:
        return pastime
    if verb == "go" and clause.progressive and not clause.perfect:
        return []  # "we're going to Wales" tells no habit
    empty = verb in lists.empty_verbs - lists.light_verbs and verb not in _SAYING and not _looking_for(draft, verb)
    if empty and not (verb == "have" and not clause.progressive):
        return []
    role, nouns = "", [t for noun in clause.objects for t in conjuncts(noun)]
    if not nouns:
        role, nouns = _main_oblique(draft)
    name = "HAS" if verb == "have" else "_".join(part for part in (verb, clause.particle, role) if part).upper()
    found: list[Candidate | None] = []
    for noun in nouns[:3]:
        object = draft.reader.mention(noun) if noun.pos_ in ("NOUN", "PROPN") else None
        definite = any(c.lower_ == "the" for c in noun.children) and not entity_type(noun)
        definite = definite and not (_frequent(draft) or any(c.dep_ == "compound" for c in noun.children))
        specific = object is not None and (
            _frequent(draft)
            or name.lower() in lists.telling_phrases
            or verb in lists.telling_verbs
            or _counted(noun)
            or is_specific(noun, object)
        )
        if verb == "have" and noun.lemma_.lower() in lists.occasions and draft.when is None:
            continue  # "I have exams": which, and when?
        if object is None or definite or not specific or relation_of(noun) is not None:
            continue
        for subject in draft.subjects():
            text = retell(clause, subject.name, draft.reader, draft.when)
            if subject.type in ("person", "animal"):
                fact = draft.candidate(subject, name, object, text=text, confidence=FAIR - 0.1)
                found.append(_ahead(draft, fact) if verb == "have" else fact)
    return found


def _looking_for(draft: Draft, verb: str) -> bool:
    """For "I'm looking for a new flat": what is sought is sought for weeks."""
    sought = [noun for case, noun in draft.clause.obliques if case == "for"]
    lasting = any(n.lemma_.lower() in vocabulary().belongings | _SOUGHT for n in sought)
    return verb == "look" and draft.clause.progressive and lasting


_SOUGHT: Final = frozenset({"job", "work", "flatmate", "roommate", "place", "investor", "internship", "agent"})


def _pastime(draft: Draft, verb: str) -> list[Candidate | None]:
    """For "I swim every morning": a habit that needs no object."""
    clause = draft.clause
    aimed = ("to", "for", "with", "about", "against", "from", "into", "at")
    times = [case for case, noun in clause.obliques if case in aimed and FREQUENT.search(noun.text) is None]
    bare = not clause.objects and not times
    known = verb not in vocabulary().empty_verbs or verb in vocabulary().pastimes
    if not bare or not known or clause.progressive or clause.verb.pos_ != "VERB" or not _frequent(draft):
        return []
    if _HOW_OFTEN.match(clause.verb.doc[clause.verb.i + 1 : draft.sentence.end].text) is None:
        return []  # "we back each other up"
    doing = Mention(name=gerund(verb), type="activity")
    told = [(s, retell(clause, s.name, draft.reader, draft.when)) for s in draft.subjects()]
    return [draft.candidate(s, "DOES", doing, text=t, confidence=FAIR) for s, t in told if s.type == "person"]


_HOW_OFTEN: Final = re.compile(
    r"(?:\w+ |(?:by|in|along|around) the \w+ )?(?:every |twice |once an? |(?:three|four|five|several) times |"
    r"(?:on )?(?:\w+days\b|\w+ (?:mornings|evenings)|weekends)|daily|most (?:days|mornings|evenings|nights))",
    re.IGNORECASE,
)
FREQUENT: Final = re.compile(
    r"\b(?:every|each|twice|once a|times a|usually|often|always|regularly|mondays|tuesdays|wednesdays|thursdays|"
    r"fridays|saturdays|sundays|mornings|evenings|weekends|daily|weekly)\b",
    re.IGNORECASE,
)


def _frequent(draft: Draft) -> bool:
    """Whether the speaker's own habit is told with how often: "I go to the gym three times a week"."""
    subject = draft.clause.subject
    told = subject is not None and subject.lower_ in ("i", "we", "he", "she")
    return told and FREQUENT.search(draft.clause.verb.doc[draft.clause.verb.i : draft.sentence.end].text) is not None


def _counted(noun: Token) -> bool:
    """For "three brothers", "two kids": how many relatives somebody has."""
    counted = any(c.dep_ == "nummod" for c in noun.children)
    return counted and noun.lemma_.lower() in predicate_table().relations


def _ahead(draft: Draft, fact: Candidate | None) -> Candidate | None:
    """For "I have an interview on Tuesday": what one has on a day to come is planned."""
    when = draft.when
    if fact is None or when is None or when.start <= draft.anchor:
        return fact
    planned = {"planned_for": when.start.date().isoformat(), "precision": when.precision}
    return fact.model_copy(update={"predicate": "PLANS", "valid_at": draft.anchor, "metadata": planned})


# Verbs that say enough with any object: "I broke my arm", "I teach maths".
_EVENTFUL: Final = frozenset({"break", "lose", "win"})
_MEDICINE: Final = re.compile(
    r"\w(?:pril|olol|formin|statin|cillin|azole|zepam|oxetine|profen|sartan|prazole|mycin|raline|dipine|triptan|lukast|oxacin)$"
)
_SAYING: Final = frozenset({"teach", "run", "use", "work", "hold"})


def _regular(draft: Draft) -> list[Candidate | None]:
    """For "I usually go running on Sundays", "I do yoga"."""
    clause = draft.clause
    if clause.progressive or clause.tense is not Tense.PRESENT or clause.lemma not in ("go", "do"):
        return []
    done = [t for t in clause.objects if t.pos_ == "NOUN"] if clause.lemma == "do" else []
    done += [
        c for c in clause.verb.children if clause.lemma == "go" and c.tag_ == "VBG" and c.dep_ in ("xcomp", "advcl")
    ]
    found: list[Candidate | None] = []
    for token in done:
        mention = Mention(name=token.lower_, type="activity") if token.tag_ == "VBG" else draft.reader.mention(token)
        bare = not any(c.dep_ in ("det", "nmod:poss") for c in token.children)
        if mention is None or not bare or token.lemma_.lower() in vocabulary().empty_nouns:
            continue
        for subject in draft.subjects():
            text = retell(clause, subject.name, draft.reader, draft.when)
            found.append(draft.candidate(subject, "DOES", mention, text=text, confidence=FAIR))
    return found


def _main_oblique(draft: Draft) -> tuple[str, list[Token]]:
    """The preposition and nouns of the first oblique that tells where, what or whom, the date apart."""
    for case, noun in draft.clause.obliques:
        between = noun.doc[draft.clause.verb.i + 1 : noun.i]
        if any(t.tag_ in ("VBZ", "VBD", "VBP") for t in between):
            continue  # it belongs to a verb in between
        if draft.when is not None and draft.when.span[0] <= noun.idx < draft.when.span[1]:
            continue
        person = entity_type(noun) == "person" or relation_of(noun) is not None
        if case in _TELLING_PREPOSITIONS or (case == "with" and person):
            return case, conjuncts(noun)
    return "", []


def is_specific(noun: Token, object: Mention) -> bool:
    """Whether an object says enough for a verb that does not: named, or described by a noun or telling adjective."""
    if entity_type(noun) or object.type == "person" or object.name[:1].isupper():
        return True
    lists = vocabulary()
    if noun.lemma_.lower() in lists.occasions | lists.belongings:
        return True
    return any(
        c.dep_ in ("compound", "amod", "nmod") and c.lemma_.lower() not in lists.empty_adjectives | lists.empty_nouns
        for c in noun.children
    )
