"""Mend what the small parser gets wrong time and again: dates in front of a sentence, and titles in quotation marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.asides import NAMING, mend_aside, mend_described, mend_joined, mend_named_subject
from factloom.engine.extraction.calendar_words import MONTHS, WEEKDAYS
from factloom.engine.extraction.joining import mend_joined_statement, mend_liked_plural
from factloom.engine.extraction.torn import PARTICLES, mend_dish, mend_doing, mend_noun, mend_particle
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.engine.extraction.vocatives import mend_vocatives

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_TIMES: Final = frozenset(
    {"week", "weekend", "month", "year", "night", "summer", "winter", "spring", "fall", "autumn", "day"}
)
_DATED: Final = _TIMES | {"yesterday", "today", "tomorrow"} | {*WEEKDAYS} | {*MONTHS}


def mend(doc: Doc) -> Doc:
    """The same parsed text, changed in place."""
    for token in doc:
        if token.pos_ == "NOUN":
            _verb_taken_for_noun(token)
            mend_noun(token)
            if token.dep_ == "xcomp":
                mend_doing(token)
            if token.lower_ in _FAR_BACK:
                _place_taken_for_time(token)
        elif token.lower_ in _BARE_ING and token.tag_ == "VBG" and token.pos_ == "VERB":
            token.tag_ = "VBP"
        elif token.lower_ in ("'s", "’s") and token.dep_ == "case" and token.head.dep_ == "nmod:poss":
            _being_taken_for_genitive(token)
        elif token.lower_ in PARTICLES and token.dep_ == "advmod":
            mend_particle(token)
        elif token.pos_ == "ADJ" and token.dep_ == "xcomp":
            mend_dish(token)
        elif token.lower_ == "away" and token.head.lemma_.lower() == "pass" and token.head.pos_ == "VERB":
            token.dep_ = "compound:prt"
        elif token.lower_ in _HARMED and token.dep_ == "obj" and token.head.lemma_.lower() == "get":
            token.dep_, token.pos_, token.tag_ = "xcomp", "VERB", "VBN"  # "I got hurt"
        elif token.lower_ in ("he", "she") and token.dep_ == "nmod:poss":
            _pronoun_taken_for_owner(token)
        elif token.lower_ in _FEASTS and token.dep_ in ("obl", "nmod"):
            _place_taken_for_time(token)
        elif token.dep_ == "advmod" and token.tag_ in ("RB", "RBR"):
            _object_taken_for_adverb(token)
        elif token.tag_ == "VBG" and token.dep_ == "amod":
            _doing_taken_for_quality(token)
        elif token.tag_ == "VBG" and token.dep_ == "obj":
            _limb_taken_for_part(token)
        elif token.dep_ == "nsubj" and token.i > 0 and token.nbor(-1).text == "," and token.lower_ in _PRONOUNS:
            _statement_of_its_own(token)
        elif token.dep_ == "mark" and token.lower_ in _SUBORDINATING and token.head.dep_ == "ROOT":
            _subordinate_taken_for_main(token)
        elif token.dep_ == "ROOT" and token.tag_ == "VBG":
            _subject_taken_for_statement(token)
        if token.head.lower_ in _RAISED and token.i > token.head.i + 1 and token.dep_ in ("advcl", "xcomp"):
            _job_taken_for_verb(token)
        if token.tag_ == "VBN" and token.dep_ == "conj" and token.head.tag_ in ("VBG", "VBP", "VBZ", "VB"):
            _quality_taken_for_statement(token)
        if token.dep_ == "conj":
            mend_joined_statement(token)
        elif token.tag_ == "VBZ" and token.dep_ in ("xcomp", "ccomp"):
            mend_liked_plural(token)
        if token.dep_ == "csubj" and token.tag_ == "VBG":
            _object_taken_for_subject(token)
        if token.pos_ == "VERB" and token.dep_ == "obj" and any(c.dep_ == "nsubj" for c in token.children):
            token.dep_ = "ccomp"  # "mum reckons Leo lives in Rome"
        if token.pos_ == "VERB" and token.dep_ in ("obj", "obl", "nmod", "nsubj"):
            _noun_taken_for_verb(token)
        if token.dep_ == "acl" and token.lower_ in OPERATED:
            _done_taken_for_quality(token)
        if token.dep_ in ("acl:relcl", "acl") and token.head.lower_ in _DATED:
            _front_date(token)
    text = doc.text
    if "," in text or " called " in text or " named " in text:
        _mend_asides(doc)
    if "," in text:
        mend_vocatives(doc)
    if '"' in text or "“" in text:
        for token in doc[1:-1]:
            _title(token)
    return doc


def _mend_asides(doc: Doc) -> None:
    for token in doc:
        if token.pos_ == "PROPN" and token.dep_ == "nsubj":
            mend_named_subject(token)
        elif token.pos_ == "NOUN":
            if token.dep_ == "conj":
                mend_joined(token)
            mend_aside(token)
        elif token.lower_ in NAMING and token.tag_ == "VBN":
            mend_described(token)


_RAISED: Final = frozenset({"promoted", "demoted"})
_DETERMINED: Final = frozenset({"a", "an", "my", "our", "your", "his", "her", "their", "the", "this", "that"})


def _being_taken_for_genitive(token: Token) -> None:
    """For "Mum's allergic to nuts", "Jo's bringing the kids", "my sister's a vet": none of these belongs to anybody."""
    subject, told = token.head, token.head.head
    if told.pos_ == "NOUN" and told.i > token.i and token.nbor().lower_ in _DETERMINED:
        subject.dep_, token.head = "nsubj", told
        token.dep_, token.pos_ = "cop", "AUX"
        return
    verbal = told.tag_ == "VBG" and (told.pos_ in ("VERB", "AUX") or any(c.tag_ == "VBN" for c in told.children))
    led = any(c.i > told.i and c.dep_ in ("obl", "obj", "xcomp") for c in told.children)
    verbal = verbal or (told.tag_ == "VBG" and told.dep_ == "ROOT" and led)  # "My mum's recovering from her operation"
    telling = told.pos_ == "ADJ" or told.lower_ in _TELLING
    if told.i <= token.i or not (verbal or telling) or any(t.pos_ == "NOUN" for t in token.doc[token.i + 1 : told.i]):
        return
    subject.dep_, token.head = "nsubj", told
    token.dep_, token.pos_ = ("aux", "AUX") if verbal else ("cop", "AUX")
    token.lemma_, told.pos_ = "be", "VERB" if verbal else told.pos_
    if telling and told.pos_ != "ADJ":
        told.pos_, told.tag_ = "ADJ", "JJ"
        for child in told.children:  # "to shellfish", taken for an infinitive
            if child.dep_ == "acl" and child.i > told.i:
                child.dep_, child.pos_, child.tag_ = "obl", "NOUN", "NN"


_TELLING: Final = frozenset(
    {"due", "allergic", "afraid", "scared", "married", "pregnant", "engaged", "vegan", "vegetarian"}
)


def _job_taken_for_verb(token: Token) -> None:
    """For "promoted to manager in May": a job, and the date is that of the promotion."""
    verb, lead = token.head, token.nbor(-1)
    if verb.pos_ == "ADJ" and any(c.dep_ == "aux:pass" for c in verb.children):
        verb.pos_, verb.tag_ = "VERB", "VBN"
    if lead.lower_ != "to" or token.dep_ not in ("advcl", "xcomp"):
        return
    token.dep_, token.pos_, token.tag_ = "obl", "NOUN", "NN"
    lead.dep_, lead.pos_, lead.tag_ = "case", "ADP", "IN"
    for child in list(token.children):
        if child.dep_.startswith("obl"):
            child.head = verb


def _place_taken_for_time(token: Token) -> None:
    """For "moved to Faro last Easter", "moved to Rome years ago": no "Faro Easter", but Faro, then."""
    name = next((c for c in token.children if c.dep_ in ("compound", "amod") and c.pos_ == "PROPN"), None)
    led = [*token.children, *(name.children if name is not None else ())]
    lead = next((c for c in led if c.dep_ == "case"), None)
    if name is None or lead is None or lead.i > name.i or token.dep_ not in ("obl", "nmod"):
        return
    between = token.doc[name.i + 1 : token.i]
    behind = token.i + 1 < len(token.doc) and token.nbor().lower_ in ("ago", "back")
    if any(t.lower_ not in ("last", "next", "this", "many", "some") for t in between) or not (behind or len(between)):
        return
    name.head, name.dep_ = token.head, token.dep_
    lead.head = name
    token.dep_ = "obl:unmarked"


_FAR_BACK: Final = frozenset({"years", "ages", "decades", "months", "weeks", "easter", "christmas"})
_FEASTS: Final = frozenset({"easter", "christmas", "halloween", "thanksgiving"})
_HARMED: Final = frozenset({"hurt", "injured", "fired", "engaged", "married", "divorced", "promoted"})
_BARE_ING: Final = frozenset({"sing", "bring", "ring", "swing", "sting", "cling"})


def _object_taken_for_adverb(token: Token) -> None:
    """For "I play basketball often": the parse lets what is played say how often."""
    often, before = token.head, token.doc[token.i - 1] if token.i > 0 else token
    if often.lower_ not in _OFTEN or often.head.i != before.i or before.pos_ != "VERB" or often.i != token.i + 1:
        return
    if token.lower_ in _DEGREES or token.lower_.endswith("ly"):
        return
    token.head, token.dep_, token.pos_, token.tag_ = before, "obj", "NOUN", "NN"


_OFTEN: Final = frozenset({"often", "regularly", "weekly", "daily", "lately", "nowadays", "together"})
_DEGREES: Final = frozenset(
    [
        "so",
        "very",
        "too",
        "quite",
        "pretty",
        "more",
        "most",
        "less",
        "really",
        "just",
        "not",
        "that",
        "as",
        "almost",
        "back",
        "out",
        "up",
        "away",
        "there",
        "here",
        "alone",
        "well",
        "fairly",
        "rather",
        "even",
        "super",
        "much",
        "over",
        "around",
        "along",
        "also",
        "still",
        "only",
        "all",
        "always",
    ]
)


_PRONOUNS: Final = frozenset({"he", "she", "they", "i", "we", "it"})
_SUBORDINATING: Final = frozenset({"since", "when", "after", "because", "while", "although", "though"})


def _statement_of_its_own(subject: Token) -> None:
    """For "I'm taking over from Dmitri, he's on leave": what is told behind the comma belongs to nothing before it."""
    told = subject.head
    being = next((c for c in told.children if c.dep_ == "cop"), None)
    if being is None or being.i != subject.i + 1:
        return
    whole = told.head
    if told.dep_ == "compound" and whole.i > told.i:  # "on paternity leave"
        for child in list(told.children):
            if child.dep_ in ("nsubj", "cop", "case", "advmod"):
                child.head = whole
        told = whole
    if told.dep_ in ("xcomp", "obl", "obj", "nmod", "appos") and told.head.i < subject.i - 1:
        told.head, told.dep_ = subject.sent.root, "parataxis"


def _subordinate_taken_for_main(mark: Token) -> None:
    """For "Since I quit smoking I've been cooking": without a comma the parse makes the first clause the main one."""
    verb = mark.head
    if verb.pos_ != "VERB" or mark.i > verb.i or mark.i - verb.sent.start > _OPENING:
        return
    if not any(c.dep_ == "nsubj" and mark.i < c.i < verb.i for c in verb.children):
        return
    for main in verb.doc[verb.i + 1 : verb.sent.end]:
        subject = next((c for c in main.children if c.dep_ == "nsubj" and verb.i < c.i < main.i), None)
        if main.dep_ not in ("ccomp", "parataxis", "advcl") or main.pos_ not in ("VERB", "AUX") or subject is None:
            continue
        if any(c.dep_ == "mark" for c in main.children) or subject.tag_ in ("WP", "WDT"):
            return
        main.head, main.dep_ = main, "ROOT"
        verb.head, verb.dep_ = main, "advcl"
        return


_OPENING: Final = 3  # tokens


def _quality_taken_for_statement(token: Token) -> None:
    """For "I'm using Postgres, hosted on Hetzner": the speaker hosted nothing."""
    if token.i < 2 or token.nbor(-1).text != "," or any(c.dep_ in ("cc", "aux", "nsubj") for c in token.children):
        return
    noun = token.nbor(-2)
    while noun.pos_ == "NUM" and noun.i > 0:  # "Postgres 15"
        noun = noun.nbor(-1)
    while noun.pos_ not in ("NOUN", "PROPN") and noun.head.i not in (noun.i, token.head.i):
        noun = noun.head
    if noun.pos_ in ("NOUN", "PROPN"):
        token.head, token.dep_ = noun, "acl"


def _subject_taken_for_statement(token: Token) -> None:
    """For "Baking a cake was an experience", of which the parse makes two statements."""
    for told in token.children:
        copula = next((c for c in told.children if c.dep_ == "cop"), None)
        thing = next((c for c in told.children if c.dep_ == "nsubj"), None)
        if told.dep_ != "parataxis" or copula is None or thing is None or thing.left_edge.i != token.i + 1:
            continue
        told.head, told.dep_ = told, "ROOT"
        token.head, token.dep_ = told, "csubj"
        return


def _object_taken_for_subject(token: Token) -> None:
    """For "Losing my job was tough": what was lost, rather than what was tough."""
    for other in token.head.children:
        between = token.i < other.left_edge.i and other.i < token.head.i
        if other.dep_ == "nsubj" and between and not any(c.dep_ == "obj" for c in token.children):
            other.head, other.dep_ = token, "obj"
            return


def _noun_taken_for_verb(token: Token) -> None:
    """For "went to a poetry reading", "a charity run", "physical exercises": with an article, a noun."""
    beside = [
        c for c in token.children if c.i < token.i and c.dep_ in ("det", "nmod:poss", "amod", "compound", "nummod")
    ]
    governing = any(c.dep_ in ("obj", "xcomp", "ccomp", "aux", "nsubj") for c in token.children)
    if not beside or governing or token.tag_ not in ("VBG", "VBN", "VBZ", "VB", "VBP"):
        return
    token.pos_, token.tag_ = "NOUN", "NNS" if token.tag_ == "VBZ" else "NN"


def _limb_taken_for_part(token: Token) -> None:
    """For "I broke my wrist skating": no "wrist skating" of hers."""
    limb = next((c for c in token.children if c.dep_ == "compound" and c.i == token.i - 1), None)
    if limb is None or limb.lemma_.lower() not in vocabulary().limbs or token.head.pos_ != "VERB":
        return
    verb = token.head
    for child in list(token.children):
        if child.i < limb.i and child.dep_ in ("nmod:poss", "amod", "det"):
            child.head = limb
    limb.head, limb.dep_ = verb, "obj"
    token.head, token.dep_, token.pos_ = verb, "advcl", "VERB"


def _pronoun_taken_for_owner(token: Token) -> None:
    """For "She's my cousin": no one else's cousin."""
    after = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
    if after is None or after.lower_ not in ("'s", "’s") or after.dep_ != "case":
        return
    owned = token.doc[after.i + 1 : token.head.i + 2]
    if token.head.dep_ not in ("ROOT", "parataxis", "conj") or any(t.lower_ in ("'s", "’s") for t in owned):
        return  # "she's my aunt's friend" is left as it is
    token.dep_ = "nsubj"
    after.head = token.head
    after.dep_, after.pos_ = "cop", "AUX"


OPERATED: Final = {"operated": "operation", "replaced": "replacement", "removed": "removal", "pinned": "operation"}


def _done_taken_for_quality(token: Token) -> None:
    """For "he had his appendix removed": what was done to it, and not which one he had."""
    noun, verb = token.head, token.head.head
    own = any(c.dep_ == "nmod:poss" for c in noun.children)
    if noun.dep_ == "obj" and own and verb.lemma_.lower() == "have" and token.tag_ == "VBN":
        token.head, token.dep_ = verb, "xcomp"


_ENDING: Final = frozenset({"give", "stop", "quit"})


def _doing_taken_for_quality(token: Token) -> None:
    """For "I gave up drinking coffee": what was done with it, and no kind of coffee."""
    thing, verb = token.head, token.head.head
    if thing.dep_ != "obj" or verb.lemma_.lower() not in _ENDING or thing.left_edge.i != token.i:
        return
    token.head, token.dep_, token.pos_ = verb, "xcomp", "VERB"
    thing.head, thing.dep_ = token, "obj"


def _stands_as_verb(token: Token) -> bool:
    """Whether a word in -s stands where a verb does: right after a name that is its subject, and before where or whom.

    Nouns have a form of "be" beside them, or belong to the name: "Ana's lives", "these lives".
    """
    subject = next((c for c in token.children if c.dep_ == "nsubj"), None)
    if subject is None or subject.i != token.i - 1 or subject.pos_ not in ("PROPN", "NOUN", "PRON"):
        return False
    named = subject.ent_type_ == "PER" or subject.pos_ != "NOUN"
    beside = any(c.dep_ in ("cop", "det", "amod", "nmod:poss", "compound", "case", "nummod") for c in token.children)
    led = any(c.dep_ in ("obl", "xcomp", "ccomp", "advmod") and c.i > token.i for c in token.children)
    return named and led and not beside and token.dep_ in ("ROOT", "parataxis", "conj")


def _verb_taken_for_noun(token: Token) -> None:
    """For "Ben is dating Clara" and "Ingrid sings alto": a noun with an object is a verb. So is "Ana lives in Rome"."""
    if token.tag_ in ("VBZ", "NNS") and _stands_as_verb(token):
        token.pos_, token.tag_ = "VERB", "VBZ"
        return
    if not any(c.dep_ == "obj" and c.i > token.i for c in token.children):
        return
    subject = next((c for c in token.children if c.dep_ == "nsubj" and c.i < token.i), None)
    copula = next((c for c in token.children if c.dep_ == "cop"), None)
    if subject is not None and copula is not None and token.lower_.endswith("ing"):
        copula.dep_ = "aux"
        token.pos_, token.tag_ = "VERB", "VBG"
    elif subject is not None and copula is None and token.tag_ == "NNS" and token.dep_ in ("ROOT", "parataxis", "conj"):
        token.pos_, token.tag_ = "VERB", "VBZ"


def _front_date(verb: Token) -> None:
    """For "Last week we had a picnic": the parse takes it for a week of which something is told."""
    time = verb.head
    subject = next((c for c in verb.children if c.dep_ in ("nsubj", "nsubj:pass")), None)
    if subject is None or time.dep_ != "ROOT" or subject.left_edge.i - time.i not in (1, 2) or verb.i < time.i:
        return
    between = verb.doc[time.i + 1 : subject.left_edge.i]
    if any(t.text != "," for t in between) or any(c.dep_ == "cop" for c in time.children):
        return
    verb.head = verb
    verb.dep_ = "ROOT"
    time.head = verb
    time.dep_ = "obl:unmarked"


def _title(token: Token) -> None:
    """A title is a name, and right after a verb the object."""
    if token.nbor(-1).text not in '"“' or token.nbor(1).text not in '"”' or not token.text[:1].isupper():
        return
    if token.head.pos_ == "VERB" and token.head.i == token.i - 2 and token.dep_ not in ("obj", "nsubj"):
        token.dep_ = "obj"
    if token.pos_ not in ("NOUN", "PROPN"):
        token.pos_, token.tag_ = "PROPN", "NNP"
