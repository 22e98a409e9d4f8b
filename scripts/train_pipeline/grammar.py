"""A small grammar that writes annotated chat sentences: "my sister Bea lives in Porto", "Tom no longer eats meat".

The treebank has few of them, and a parser trained on it alone takes "my sister lives in Rome" for a noun phrase
about lives. Dependencies follow the treebank's own choices (UD English EWT 2.16).
"""

from __future__ import annotations

import random

from .names import Gazetteer
from .treebank import Sentence

# token: form, lemma, UPOS, XPOS, features, head (index in the sentence, or None until known), relation
Token = list[str | int | None]

RELATIVES = [
    "sister",
    "brother",
    "mother",
    "father",
    "mom",
    "dad",
    "mum",
    "wife",
    "husband",
    "boyfriend",
    "girlfriend",
    "boss",
    "friend",
    "cousin",
    "aunt",
    "uncle",
    "son",
    "daughter",
    "colleague",
    "roommate",
    "neighbour",
    "grandma",
    "dog",
    "cat",
]
LOCATED = [
    "live lives lived",
    "stay stays stayed",
    "study studies studied",
    "work works worked",
    "teach teaches taught",
]
EMPLOYED = [
    "work works worked",
    "volunteer volunteers volunteered",
    "study studies studied",
    "intern interns interned",
    "teach teaches taught",
    "train trains trained",
]
COMPANY = ["live lives lived", "work works worked", "travel travels travelled", "study studies studied"]
PARTICIPLES = ["promoted/promote", "fired/fire", "hired/hire", "accepted/accept", "robbed/rob", "invited/invite"]
LIKING = [
    "hate hates hated",
    "love loves loved",
    "like likes liked",
    "enjoy enjoys enjoyed",
    "prefer prefers preferred",
]
DOING = [
    "play plays played",
    "study studies studied",
    "teach teaches taught",
    "own owns owned",
    "run runs ran",
    "speak speaks spoke",
    "paint paints painted",
    "bake bakes baked",
    "collect collects collected",
    "sell sells sold",
    "buy buys bought",
    "eat eats ate",
    "drink drinks drank",
    "read reads read",
    "write writes wrote",
    "cook cooks cooked",
    "visit visits visited",
    "watch watches watched",
    "plan plans planned",
    "design designs designed",
]
THINGS = [
    "meat/s",
    "olives/p",
    "coffee/s",
    "tea/s",
    "trains/p",
    "guitar/s",
    "piano/s",
    "tennis/s",
    "chess/s",
    "biology/s",
    "history/s",
    "yoga/s",
    "books/p",
    "stamps/p",
    "bread/s",
    "fish/s",
    "cakes/p",
    "horses/p",
    "football/s",
    "music/s",
    "spiders/p",
    "pasta/s",
    "cheese/s",
    "walnuts/p",
    "mushrooms/p",
    "clothes/p",
    "flowers/p",
    "law/s",
    "maths/s",
    "jazz/s",
]
GERUNDS = [
    "flying/fly",
    "cooking/cook",
    "swimming/swim",
    "reading/read",
    "hiking/hike",
    "running/run",
    "painting/paint",
    "dancing/dance",
    "driving/drive",
    "baking/bake",
    "camping/camp",
    "singing/sing",
]
JOBS = [
    "nurse",
    "teacher",
    "vet",
    "chef",
    "lawyer",
    "baker",
    "translator",
    "designer",
    "pilot",
    "plumber",
    "carpenter",
    "barber",
    "journalist",
    "waiter",
    "engineer",
    "editor",
]

FINITE = "Mood=Ind|Number=Sing|Person={p}|Tense={t}|VerbForm=Fin"


def sentence(names: Gazetteer, rng: random.Random) -> Sentence:
    """One annotated sentence, drawn at random."""
    tokens, subject, person = _subject(names, rng)
    verb = _verb_phrase(tokens, person, names, rng)
    passive = any(token[6] == "aux:pass" for token in tokens)
    tokens[subject][5], tokens[subject][6] = verb, "nsubj:pass" if passive else "nsubj"
    if rng.random() < 0.1:
        verb = _front(tokens, verb, rng)
    ending = rng.random()
    if ending < 0.75:
        tokens.append([".", ".", "PUNCT", ".", "", verb, "punct"])
    elif ending < 0.8:
        tokens.append(["!", "!", "PUNCT", ".", "", verb, "punct"])
    if str(tokens[0][2]) == "PRON" and tokens[0][0] != "I" and rng.random() < 0.7:
        tokens[0][0] = str(tokens[0][0]).capitalize()
    return _to_sentence(tokens)


def _front(tokens: list[Token], verb: int, rng: random.Random) -> int:
    """Put "on Friday" or "yesterday" in front; returns the verb's new index."""
    day = rng.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
    if rng.random() < 0.7:
        front: list[Token] = [
            ["on", "on", "ADP", "IN", "", 1, "case"],
            [day, day, "PROPN", "NNP", "Number=Sing", None, "obl"],
        ]
    else:
        front = [["yesterday", "yesterday", "NOUN", "NN", "Number=Sing", None, "obl:unmarked"]]
    for token in tokens:
        assert isinstance(token[5], int)
        token[5] += len(front)
    front[-1][5] = verb + len(front)
    tokens[:0] = front
    return verb + len(front)


def _name(names: Gazetteer, label: str, rng: random.Random) -> str:
    while True:
        name = names.draw(label, rng)
        if " " not in name and "'" not in name:
            return name


def _subject(names: Gazetteer, rng: random.Random) -> tuple[list[Token], int, int]:
    """Tokens of a subject, the index of its head, and the person of its verb."""
    person = ["PROPN", "NNP", "Number=Sing"]
    name, other = _name(names, "PER", rng), _name(names, "PER", rng)
    noun = rng.choice(RELATIVES)
    first: Token = ["I", "I", "PRON", "PRP", "Case=Nom|Number=Sing|Person=1|PronType=Prs", None, "nsubj"]
    she: Token = ["she", "she", "PRON", "PRP", "Case=Nom|Gender=Fem|Number=Sing|Person=3|PronType=Prs", None, "nsubj"]
    named: Token = [name, name, *person, None, "nsubj"]
    my: Token = ["my", "my", "PRON", "PRP$", "Case=Gen|Number=Sing|Person=1|Poss=Yes|PronType=Prs", 1, "nmod:poss"]
    relative: Token = [noun, noun, "NOUN", "NN", "Number=Sing", None, "nsubj"]
    choice = rng.random()
    if choice < 0.2:
        return [first], 0, 1
    if choice < 0.3:
        return [she], 0, 3
    if choice < 0.55:
        return [named], 0, 3
    if choice < 0.75:
        return [my, relative], 1, 3
    if choice < 0.88:
        tokens: list[Token] = []
        return tokens, _relative(tokens, None, "nsubj", names, rng), 3
    owner: Token = [name, name, *person, 2, "nmod:poss"]
    tokens = [owner, ["'s", "'s", "PART", "POS", "", 0, "case"], relative]
    if rng.random() < 0.4:
        tokens.append([other, other, *person, 2, "appos"])
    return tokens, 2, 3


def _verb_phrase(tokens: list[Token], person: int, names: Gazetteer, rng: random.Random) -> int:
    """Append a verb phrase; returns the index of the verb."""
    kind = rng.choice(
        ["located", "employed", "job", "gerund", "thing", "thing", "liking", "company", "quitting", "passive"]
    )
    if kind == "passive":
        return _get_passive(tokens, person, rng)
    forms = {
        "located": LOCATED,
        "employed": EMPLOYED,
        "job": EMPLOYED[:1],
        "gerund": LIKING,
        "liking": LIKING,
        "thing": DOING,
        "company": COMPANY,
        "quitting": ["quit quits quit"],
    }
    lemma, third, past = rng.choice(forms[kind]).split()
    negated, more = rng.random() < 0.15, rng.random() < 0.5
    adverbs = (
        []
        if negated or rng.random() < 0.7
        else [rng.choice(["still", "really", "also", "no longer", "no longer", "never", "now"])]
    )
    verb = len(tokens) + (2 if negated else sum(len(adverb.split()) for adverb in adverbs))
    tense = "Past" if rng.random() < 0.25 else "Pres"
    features = FINITE.format(p=person, t=tense)
    if negated:
        auxiliary = "did" if tense == "Past" else "does" if person == 3 else "do"
        tag = "VBD" if tense == "Past" else "VBZ" if person == 3 else "VBP"
        tokens.append([auxiliary, "do", "AUX", tag, features, verb, "aux"])
        tokens.append(["n't", "not", "PART", "RB", "Polarity=Neg", verb, "advmod"])
        tokens.append([lemma, lemma, "VERB", "VB", "VerbForm=Inf", verb, "ROOT"])
    else:
        for adverb in adverbs:
            if adverb == "no longer":
                tokens.append(["no", "no", "ADV", "RB", "", len(tokens) + 1, "advmod"])
                tokens.append(["longer", "long", "ADV", "RBR", "Degree=Cmp", verb, "advmod"])
            else:
                tokens.append([adverb, adverb, "ADV", "RB", "", verb, "advmod"])
        form, tag = (past, "VBD") if tense == "Past" else (third, "VBZ") if person == 3 else (lemma, "VBP")
        tokens.append([form, lemma, "VERB", tag, features, verb, "ROOT"])
    _complement(tokens, kind, verb, names, rng)
    if negated and more and tense == "Pres":
        tokens.append(["any", "any", "DET", "DT", "PronType=Ind", len(tokens) + 1, "advmod"])
        tokens.append(["more", "more", "ADV", "RBR", "Degree=Cmp", verb, "advmod"])
    elif tense == "Past" and rng.random() < 0.3:
        tokens.append(["yesterday", "yesterday", "NOUN", "NN", "Number=Sing", verb, "obl:unmarked"])
    elif tense == "Pres" and rng.random() < 0.15:
        tokens.append(["now", "now", "ADV", "RB", "", verb, "advmod"])
    return verb


def _get_passive(tokens: list[Token], person: int, rng: random.Random) -> int:
    """Append "got promoted"; returns the index of the participle."""
    form, lemma = rng.choice(PARTICIPLES).split("/")
    verb = len(tokens) + 1
    tokens.append(["got", "get", "AUX", "VBD", FINITE.format(p=person, t="Past"), verb, "aux:pass"])
    tokens.append([form, lemma, "VERB", "VBN", "Tense=Past|VerbForm=Part|Voice=Pass", verb, "ROOT"])
    if rng.random() < 0.3:
        tokens.append(["yesterday", "yesterday", "NOUN", "NN", "Number=Sing", verb, "obl:unmarked"])
    return verb


def _relative(tokens: list[Token], head: int | None, dep: str, names: Gazetteer, rng: random.Random) -> int:
    """Append "my sister(,) Bea (Nowak)(,)" or a part of it; returns the index of the noun."""
    noun = len(tokens) + 1
    word = rng.choice(RELATIVES)
    tokens.append(
        ["my", "my", "PRON", "PRP$", "Case=Gen|Number=Sing|Person=1|Poss=Yes|PronType=Prs", noun, "nmod:poss"]
    )
    tokens.append([word, word, "NOUN", "NN", "Number=Sing", head, dep])
    comma = rng.random() < 0.4
    if comma:
        tokens.append([",", ",", "PUNCT", ",", "", len(tokens) + 1, "punct"])
    name, at = _name(names, "PER", rng), len(tokens)
    tokens.append([name, name, "PROPN", "NNP", "Number=Sing", noun, "appos"])
    if rng.random() < 0.4:
        last = rng.choice([n for n in names.last_names if "'" not in n])
        tokens.append([last, last, "PROPN", "NNP", "Number=Sing", at, "flat"])
    if comma and dep == "nsubj":
        tokens.append([",", ",", "PUNCT", ",", "", at, "punct"])
    return noun


def _complement(tokens: list[Token], kind: str, verb: int, names: Gazetteer, rng: random.Random) -> None:
    at = len(tokens)
    if kind in ("located", "employed"):
        name = _name(names, "LOC" if kind == "located" else "ORG", rng)
        case = "in" if kind == "located" else rng.choice(["at", "for", "with", "at"])
        tokens.append([case, case, "ADP", "IN", "", at + 1, "case"])
        tokens.append([name, name, "PROPN", "NNP", "Number=Sing", verb, "obl"])
    elif kind == "company":
        tokens.append(["with", "with", "ADP", "IN", "", at + 2, "case"])
        _relative(tokens, verb, "obl", names, rng)
    elif kind == "quitting":
        name = _name(names, "ORG", rng)
        owner = "their" if tokens[0][0] != "I" else "my"
        number = "Plur|Person=3" if owner == "their" else "Sing|Person=1"
        features = f"Case=Gen|Number={number}|Poss=Yes|PronType=Prs"
        tokens.append([owner, owner, "PRON", "PRP$", features, at + 1, "nmod:poss"])
        tokens.append(["job", "job", "NOUN", "NN", "Number=Sing", verb, "obj"])
        tokens.append(["at", "at", "ADP", "IN", "", at + 3, "case"])
        tokens.append([name, name, "PROPN", "NNP", "Number=Sing", at + 1, "nmod"])
    elif kind == "job":
        job = rng.choice(JOBS)
        article = "an" if job[0] in "aeiou" else "a"
        tokens.append(["as", "as", "ADP", "IN", "", at + 2, "case"])
        tokens.append([article, "a", "DET", "DT", "Definite=Ind|PronType=Art", at + 2, "det"])
        tokens.append([job, job, "NOUN", "NN", "Number=Sing", verb, "obl"])
    elif kind == "gerund":
        form, lemma = rng.choice(GERUNDS).split("/")
        tokens.append([form, lemma, "VERB", "VBG", "Tense=Pres|VerbForm=Part", verb, "xcomp"])
    else:
        form, number = rng.choice(THINGS).split("/")
        plural = number == "p"
        lemma = (
            form.removesuffix("es") if form.endswith(("toes", "xes")) else form.removesuffix("s") if plural else form
        )
        lemma = "clothes" if form == "clothes" else lemma
        features = "Number=Plur" if plural else "Number=Sing"
        tokens.append([form, lemma, "NOUN", "NNS" if plural else "NN", features, verb, "obj"])


def _to_sentence(tokens: list[Token]) -> Sentence:
    made = Sentence(sent_id="grammar")
    for index, (form, lemma, pos, tag, morph, head, dep) in enumerate(tokens):
        following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
        assert isinstance(head, int)
        made.words.append(str(form))
        made.lemmas.append(str(lemma))
        made.pos.append(str(pos))
        made.tags.append(str(tag))
        made.morphs.append(str(morph))
        made.heads.append(head)
        made.deps.append(str(dep))
        made.spaces.append(following not in (".", "!", ",", "'s", "n't"))
    return made
