"""What "to be" says: jobs, ages, diets, origins, birthdays, favourites, names and what somebody is allergic to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import MONTHS, WEEKDAYS
from factloom.engine.extraction.dates import find_when
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.medicines import is_medicine
from factloom.engine.extraction.phrases import conjuncts, entity_type, is_content, phrase, relation_of
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Tense, preposition
from factloom.engine.extraction.relatives import name_relative
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.specifics import is_specific
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_EMPLOYER: Final = frozenset({"at", "for", "with"})
GROUPS: Final = frozenset({"choir", "band", "team", "club", "orchestra", "union", "committee", "crew", "troupe"})
_LATELY: Final = frozenset({"now", "currently", "nowadays", "presently"})
_JOBS: Final = re.compile(r"\b(?:jobs?|work|career|position|company|employer|hired)\b", re.IGNORECASE)
_COUPLES: Final = {"engaged": "ENGAGED_TO", "married": "MARRIED_TO"}
_NATIONAL: Final = re.compile(
    r"^(?:[A-Z][a-z]+(?:ese|ish|[^aeiou]an|ian|ench)|Dutch|Greek|Welsh|Swiss|Czech|Thai|Turkish|Israeli|Iraqi|Pakistani|"
    r"Filipino|Slovak|Croat|Serb|Afghan|Nepali|Bengali|Somali|Kurdish)$"
)
_NUMBERS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]


def read_copula(draft: Draft) -> list[Candidate]:
    """Candidates of a clause with a form of "be"."""
    clause = draft.clause
    if clause.copula is None or (clause.subject is None and not clause.implicit):
        return []
    owned = _of_owned(draft)
    if owned:
        return owned
    found: list[Candidate | None] = []
    for subject in draft.subjects():
        found += _about_person(draft, subject)
    return [candidate for candidate in found if candidate is not None]


def read_former(draft: Draft) -> list[Candidate]:
    """What "used to be a nurse" tells that somebody was; the parse makes a preposition of "to"."""
    found = [fact for subject in draft.subjects() if subject.type == "person" for fact in _noun(draft, subject)]
    return [fact for fact in found if fact is not None]


def _of_owned(draft: Draft) -> list[Candidate]:
    """For "My name is Gus", "her birthday is 14 March", "my favourite food is sushi"."""
    clause = draft.clause
    subject = clause.subject
    if subject is None:
        return []
    owner_token = next((c for c in subject.children if c.dep_ == "nmod:poss"), None)
    if owner_token is None:
        return []
    owner = draft.reader.mention(owner_token, type="person")
    if owner is None:
        return []
    noun = subject.lemma_.lower()
    if noun in ("name", "nickname") and clause.verb.text[:1].isupper() and not clause.negated:
        relative = draft.reader.described(owner)
        if relative is not None:
            return name_relative(draft, relative, Mention(name=phrase(clause.verb), type=owner.type))
        return name_facts(draft, owner, phrase(clause.verb))
    if noun == "birthday":
        return _birthday(draft, owner)
    if noun in ("hobby", "pastime") and not clause.negated:
        return _hobbies(draft, owner)
    if noun in ("favorite", "favourite", "fave") and not clause.negated and clause.tense is Tense.PRESENT:
        liked = [
            draft.reader.mention(token) for token in conjuncts(clause.verb) if token.pos_ in ("NOUN", "PROPN", "X")
        ]
        told = [draft.candidate(owner, "LIKES", thing) for thing in liked if thing is not None]
        return [candidate for candidate in told if candidate is not None]
    favourite = any(c.lower_ in ("favorite", "favourite") for c in subject.children)
    if favourite and not clause.negated:
        return _favourite(draft, owner, noun)
    return []


def name_facts(draft: Draft, owner: Mention, name: str) -> list[Candidate]:
    """That somebody is also called ``name``; nothing when that is the name already used."""
    timed = name.lower() in WEEKDAYS or name.lower() in ("tomorrow", "tonight", "today", "later")  # "call me Tuesday"
    if not name or timed or name.casefold() == owner.name.casefold() or len(name.split()) > 4:
        return []
    named = owner.model_copy(update={"aliases": (*owner.aliases, name)})
    fact = draft.candidate(named, "ALSO_KNOWN_AS", Mention(name=name, type="name"))
    return [fact] if fact is not None else []


def _birthday(draft: Draft, owner: Mention) -> list[Candidate]:
    when = find_when(draft.text, draft.anchor, future=True)
    if when is None or when.precision not in ("day", "month") or draft.clause.negated:
        return []
    month = MONTHS[when.start.month - 1].capitalize()
    date = f"{when.start.day} {month}" if when.precision == "day" else month
    preposition_ = "on" if when.precision == "day" else "in"
    text = f"{owner.name}'s birthday is {preposition_} {date}."
    fact = draft.candidate(owner, "HAS_BIRTHDAY", Mention(name=date, type="date"), text=text)
    return [fact.model_copy(update={"valid_at": draft.anchor})] if fact is not None else []


def _hobbies(draft: Draft, owner: Mention) -> list[Candidate]:
    found = []
    for token in conjuncts(draft.clause.verb):
        doing = token.lower_ if token.tag_ == "VBG" else phrase(token)
        if doing and token.pos_ in ("VERB", "NOUN", "PROPN"):
            found.append(draft.candidate(owner, "DOES", Mention(name=doing, type="activity")))
    return [candidate for candidate in found if candidate is not None]


def _favourite(draft: Draft, owner: Mention, noun: str) -> list[Candidate]:
    found = []
    for token in conjuncts(draft.clause.verb):
        object = draft.reader.mention(token)
        if object is None or not re.fullmatch(r"[a-z]+", noun):
            continue
        over = draft.clause.tense is Tense.PAST and not draft.clause.perfect
        text = f"{owner.name}'s favourite {noun} {'was' if over else 'is'} {object.name}."
        if noun not in vocabulary().empty_nouns:
            found.append(draft.candidate(owner, f"FAVOURITE_{noun.upper()}", object, text=text, ended=over))
    return [candidate for candidate in found if candidate is not None]


def _about_person(draft: Draft, subject: Mention) -> list[Candidate | None]:
    clause = draft.clause
    token = clause.verb
    if subject.type not in ("person", "animal") and not subject.is_speaker:
        return _about_thing(draft, subject)
    beside = _beside(draft, subject)
    if beside:
        return beside
    case = preposition(token)
    quality = token.pos_ in ("ADJ", "VERB") or _NATIONAL.search(token.text) or token.lower_ in vocabulary().traits
    bare = not any(c.dep_ == "det" for c in token.children)
    if quality and not case and (bare or token.pos_ in ("ADJ", "VERB")):
        return [*_adjective(draft, subject), _age(draft, subject)]
    if case == "from" and not clause.negated:
        return [draft.candidate(subject, "COMES_FROM", _place(draft, token))] if _place(draft, token) else []
    if case == "to" and clause.perfect and not clause.negated and entity_type(token) == "place":
        return [draft.candidate(subject, "VISITED", _place(draft, token))]
    if case == "in" and clause.tense is Tense.PAST and not clause.negated and entity_type(token) == "place":
        text = retell(clause, subject.name, draft.reader, draft.when)
        return [draft.candidate(subject, "VISITED", _place(draft, token), text=text)]
    if (
        case == "in"
        and clause.tense is Tense.PAST
        and token.lemma_.lower() in vocabulary().mishaps
        and not clause.negated
    ):
        text = retell(clause, subject.name, draft.reader, draft.when)
        return [draft.candidate(subject, "HAD_MILESTONE", Mention(name=phrase(token), type="event"), text=text)]
    if case == "in" and token.lemma_.lower() == "year" and clause.tense is Tense.PRESENT and not clause.negated:
        topic = next((c for c in token.children if c.dep_ == "nmod" and preposition(c) == "of"), None)
        own = any(c.dep_ == "nmod:poss" for c in token.children)
        subjects = draft.reader.mention(topic, type="topic") if topic is not None and own else None
        return [draft.candidate(subject, "STUDIES", subjects)] if subjects is not None else []
    if case == "on" and is_medicine(token):
        medicine = Mention(name=phrase(token).lower(), type="medicine")
        return [draft.candidate(subject, "TAKES", medicine, negated=clause.negated)]
    if case == "into" and not clause.negated:
        things = draft.things(token)
        if (
            not things and token.tag_ == "VBG" and not any(c.dep_ == "obj" for c in token.children)
        ):  # "into dancing since I was a kid"
            things = [Mention(name=token.lower_, type="activity")]
        return [draft.candidate(subject, "INTERESTED_IN", object) for object in things]
    if case:
        return []
    age = _age(draft, subject)
    if age is not None:
        return [age]
    return _noun(draft, subject)


def _about_thing(draft: Draft, subject: Mention) -> list[Candidate | None]:
    """For "Corvina is a design studio in Porto": what something with a name is, and where."""
    clause, token = draft.clause, draft.clause.verb
    article = any(c.dep_ == "det" and c.lower_ in ("a", "an") for c in token.children)
    name = _bare_phrase(token)
    if not article or token.pos_ != "NOUN" or clause.negated or clause.tense is not Tense.PRESENT:
        return []
    if not is_content(token, name) or any(c.lemma_.lower() in vocabulary().empty_adjectives for c in token.children):
        return []
    found = [draft.candidate(subject, "IS_A", Mention(name=name, type="value"), confidence=FAIR)]
    for child in token.children:
        if child.dep_ in ("nmod", "obl") and preposition(child) == "in" and entity_type(child) == "place":
            found.append(draft.candidate(subject, "LOCATED_IN", draft.reader.mention(child, type="place")))
    return found


def _beside(draft: Draft, subject: Mention) -> list[Candidate | None]:
    """For "I'm at Corvina now" and "I'm no longer with Tom": where somebody works, and whose partner one was."""
    clause = draft.clause
    case, token = preposition(clause.verb), clause.verb
    if clause.verb.lower_ == "longer" and clause.obliques:  # the parse takes "no longer" for the predicate
        case, token = clause.obliques[0]
    over = clause.no_longer or clause.verb.lower_ == "longer"
    named = token.pos_ == "PROPN" or token.text[:1].isupper() or relation_of(token) is not None
    if case not in ("with", "at") or not named or clause.tense is Tense.FUTURE:
        return []
    person = entity_type(token) == "person" or relation_of(token) is not None
    if case == "with" and over and (person or entity_type(token) is None):
        partner = draft.reader.mention(token, type="person")
        if partner is None:
            return []
        return [draft.candidate(subject, "HAS_PARTNER", partner.model_copy(update={"type": "person"}), negated=True)]
    lately = any(c.lower_ in _LATELY | {"still"} for c in clause.verb.children) or bool(_JOBS.search(draft.text))
    if (case == "at" and person) or not (over or (lately and not clause.negated and clause.tense is Tense.PRESENT)):
        return []
    employer = draft.reader.mention(token, type="organisation")
    if employer is None or (case == "with" and entity_type(token) != "organisation"):
        return []
    employer = employer.model_copy(update={"type": "organisation"})
    text = None if over else f"{subject.name} works for {employer.name}."
    return [draft.candidate(subject, "WORKS_FOR", employer, text=text, negated=over)]


def _adjective(draft: Draft, subject: Mention) -> list[Candidate | None]:
    clause = draft.clause
    adjectives = predicate_table().adjectives
    found: list[Candidate | None] = []
    if clause.verb.lower_ in vocabulary().diets:
        return _diet(draft, subject)
    condition = vocabulary().afflicted.get(clause.verb.lower_)
    if condition is not None and not clause.obliques and clause.tense is Tense.PRESENT:
        had = Mention(name=condition, type="condition")
        return [draft.candidate(subject, "HAS_CONDITION", had, text=_as_told(draft, subject), negated=clause.negated)]
    pair = read_couple(draft, _COUPLES.get(clause.verb.lower_))
    if pair:
        return [*pair] if subject.name == pair[0].subject.name else []
    if _NATIONAL.search(clause.verb.text) and not clause.obliques and clause.tense is Tense.PRESENT:
        people = Mention(name=clause.verb.text, type="value")
        return [draft.candidate(subject, "HAS_TRAIT", people, negated=clause.negated)]
    trait = _whole_word(clause.verb).replace(" ", "-")
    if trait in _FREE_OF and clause.tense is Tense.PRESENT:
        diet = Mention(name=trait, type="diet")
        return [draft.candidate(subject, "FOLLOWS_DIET", diet, text=_as_told(draft, subject), negated=clause.negated)]
    before = clause.verb.doc[clause.verb.i - 1].lower_ if clause.verb.i else ""
    trait = f"{before}-{trait}" if trait == "blind" and before in ("colour", "color") else trait
    senses = trait in ("deaf", "blind") and all(case == "in" for case, _ in clause.obliques)
    if trait in vocabulary().traits and clause.tense is Tense.PRESENT and (senses or not clause.obliques):
        text = _as_told(draft, subject) if clause.verb.text[:1].isupper() else None
        return [
            draft.candidate(subject, "HAS_TRAIT", Mention(name=trait, type="value"), text=text, negated=clause.negated)
        ]
    for case, noun in clause.obliques:
        predicate = adjectives.get((clause.verb.lower_, case))
        if predicate is None:
            continue
        over = (
            clause.tense is Tense.PAST and not clause.perfect and not clause.negated
        )  # "I was allergic to nuts as a kid"
        for object in draft.things(noun, type=predicate_table().get(predicate).object):
            found.append(draft.candidate(subject, predicate, object, negated=clause.negated, ended=over))
    return found


_FREE_OF: Final = frozenset({"gluten-free", "dairy-free", "lactose-free", "alcohol-free"})


def _as_told(draft: Draft, subject: Mention) -> str:
    return retell(draft.clause, subject.name, draft.reader, draft.when)


def read_couple(draft: Draft, bond: str | None) -> list[Candidate]:
    """For "Tom and I are engaged", "Tom and I got married": the bond between the two subjects."""
    subjects = sorted(draft.subjects(), key=lambda mention: not mention.is_speaker)
    if bond is None or len(subjects) != 2 or draft.clause.negated:
        return []
    fact = draft.candidate(subjects[0], bond, subjects[1])
    return [fact] if fact is not None else []


def _whole_word(token: Token) -> str:
    """The word with the halves that its hyphens join: "left-handed"."""
    doc, start = token.doc, token.i
    while start >= 2 and doc[start - 1].text == "-" and not doc[start - 2].whitespace_:
        start -= 2
    return doc[start : token.i + 1].text.lower()


def _diet(draft: Draft, subject: Mention) -> list[Candidate | None]:
    object = Mention(name=draft.clause.verb.lemma_.lower(), type="diet")
    return [draft.candidate(subject, "FOLLOWS_DIET", object, negated=draft.clause.negated)]


def _age(draft: Draft, subject: Mention) -> Candidate | None:
    """For "I'm 34", "Pickle is sixteen", "she's 90 years old"."""
    token = draft.clause.verb
    several = draft.clause.subject is not None and draft.reader.several(draft.clause.subject) is not None
    if several or (draft.clause.subject is not None and draft.clause.subject.lower_ == "we"):
        return None
    number = token if token.pos_ == "NUM" else next((c for c in token.subtree if c.pos_ == "NUM"), None)
    if number is None or draft.clause.negated or draft.clause.tense is not Tense.PRESENT:
        return None
    if number.i != token.i and token.lower_ not in ("old", "years", "year"):
        return None
    lower = number.lower_
    value = int(lower) if lower.isdigit() else (_NUMBERS.index(lower) if lower in _NUMBERS else 0)
    if not 1 <= value <= 120:
        return None
    unit = next((c for c in token.subtree if c.lemma_.lower() in _SHORT_UNITS), None)
    if unit is not None:  # "six months old"
        age = f"{value} {unit.lower_}"
        text = f"{subject.name} is {age} old."
        whole = unit.i == number.i + 1
        return draft.candidate(subject, "HAS_AGE", Mention(name=age, type="value"), text=text) if whole else None
    return draft.candidate(subject, "HAS_AGE", Mention(name=str(value), type="value"))


_SHORT_UNITS: Final = frozenset({"day", "week", "month"})


def _place(draft: Draft, token: Token) -> Mention | None:
    mention = draft.reader.mention(token, type="place")
    return mention if mention is not None and mention.name[:1].isupper() else None


def _noun(draft: Draft, subject: Mention) -> list[Candidate | None]:
    """Jobs ("I'm a cook at Casa Tordo"), diets, fandom, and otherwise what somebody is."""
    clause, lists = draft.clause, vocabulary()
    token = clause.verb
    lemma = token.lemma_.lower()
    if token.pos_ not in ("NOUN", "PROPN") or token.tag_ in ("NNS", "NNPS"):
        return []
    if lemma in lists.diets:
        return _diet(draft, subject)
    if token.text.isupper() and token.lower_ in lists.ranks:  # "the CFO"
        return _job(draft, subject, token.text)
    if token.lower_ in lists.traits and token.text[:1].isupper() and clause.tense is Tense.PRESENT:  # "a Muslim"
        trait = Mention(name=token.lower_, type="value")
        return [draft.candidate(subject, "HAS_TRAIT", trait, text=_as_told(draft, subject), negated=clause.negated)]
    if token.pos_ == "PROPN" or entity_type(token):
        return list(_self_introduction(draft, subject))
    determiner = next((c.lower_ for c in token.children if c.dep_ == "det"), "")
    if lemma == "fan":
        return _fan(draft, subject)
    if lemma in ("member", "part") and not clause.negated:
        return _membership(draft, subject)
    name = _bare_phrase(token)
    heading = determiner == "the" and lemma in vocabulary().offices
    if name in _SORTS and determiner in ("a", "an") and clause.tense is Tense.PRESENT:
        return [
            draft.candidate(
                subject,
                "HAS_TRAIT",
                Mention(name=name, type="value"),
                text=_as_told(draft, subject),
                negated=clause.negated,
            )
        ]
    if (determiner not in ("a", "an") and not heading) or not is_content(token, name):
        return []
    if any(c.lower_ in ("such", "quite") for c in token.children):
        return []  # "she is such an inspiring writer" praises
    if lemma in lists.jobs or re.search(r"(?:ologist|grapher|itect|ician)$", lemma):
        return _job(draft, subject, name)
    if relation_of(token) is not None or clause.tense is not Tense.PRESENT or len(name.split()) > 4:
        return []
    if subject.type == "animal" or any(c.dep_ == "nmod" for c in token.children):
        return []
    amods = [c for c in token.children if c.dep_ == "amod"]
    if any(c.lemma_.lower() in lists.empty_adjectives for c in amods) or clause.progressive:
        return []
    return [
        draft.candidate(
            subject, "IS_A", Mention(name=name, type="value"), negated=clause.negated, confidence=FAIR - 0.1
        )
    ]


_SORTS: Final = frozenset(
    {
        "only child",
        "morning person",
        "night owl",
        "early bird",
        "early riser",
        "people person",
        "dog person",
        "cat person",
    }
    | {"homebody", "bookworm", "light sleeper", "heavy sleeper", "picky eater", "fussy eater", "evening person", "twin"}
)


def _self_introduction(draft: Draft, subject: Mention) -> list[Candidate]:
    """For "I'm Ana": the speaker's name, where the message came under another one."""
    clause = draft.clause
    assert clause.subject is not None
    if clause.subject.lower_ != "i" or clause.negated or entity_type(clause.verb) != "person":
        return []
    name = phrase(clause.verb)
    if subject.name.casefold() in name.casefold() or name.casefold() in subject.name.casefold():
        return []
    return name_facts(draft, subject, name)


def _membership(draft: Draft, subject: Mention) -> list[Candidate | None]:
    """For "I'm a member of the chess club", "she's part of a choir"."""
    noun = next((c for c in draft.clause.verb.children if c.dep_ in ("nmod", "obl") and preposition(c) == "of"), None)
    group = draft.reader.mention(noun, type="organisation") if noun is not None else None
    if noun is None or group is None or not (is_specific(noun, group) or noun.lemma_.lower() in GROUPS):
        return []
    return [draft.candidate(subject, "MEMBER_OF", group, ended=_is_over(draft))]


def _is_over(draft: Draft) -> bool:
    """For "I was a nurse"; not "I've been a nurse since 2019"."""
    clause = draft.clause
    return clause.tense is Tense.PAST and not (clause.perfect and draft.since)


def _fan(draft: Draft, subject: Mention) -> list[Candidate | None]:
    case, thing = next(((preposition(c), c) for c in draft.clause.verb.children if c.dep_ == "nmod"), ("", None))
    if thing is None or case != "of":
        thing = next((c for c in draft.clause.verb.children if c.dep_ == "compound"), None)
    if thing is None:
        return []
    object = draft.reader.mention(thing)
    predicate = "DISLIKES" if draft.clause.negated else "LIKES"
    return [draft.candidate(subject, predicate, object)] if object is not None else []


def _job(draft: Draft, subject: Mention, name: str) -> list[Candidate | None]:
    clause = draft.clause
    over = _is_over(draft)
    job = Mention(name=name, type="job")
    found = [draft.candidate(subject, "HAS_JOB", job, negated=clause.negated, ended=over)]
    employers = [(preposition(c), c) for c in clause.verb.children if c.dep_ in ("nmod", "obl")]
    for case, noun in employers:
        if case in _EMPLOYER and noun.text[:1].isupper():
            employer = draft.reader.mention(noun, type="organisation")
            if employer is not None:
                employer = employer.model_copy(update={"type": "organisation"})
                predicate, does = ("STUDIES_AT", "studies at") if "student" in name else ("WORKS_FOR", "works for")
                text = f"{subject.name} {does} {employer.name}." if not clause.negated and not over else None
                found.append(
                    draft.candidate(subject, predicate, employer, text=text, negated=clause.negated, ended=over)
                )
    return found


def _bare_phrase(token: Token) -> str:
    """For "graphic designer" without the tail of "a graphic designer at Corvina"."""
    name = phrase(token)
    for child in token.children:
        if child.dep_ in ("nmod", "obl"):
            case = preposition(child)
            name = re.split(rf"\s+{re.escape(case)}\s+", name)[0] if case and case != "of" else name
    return name
