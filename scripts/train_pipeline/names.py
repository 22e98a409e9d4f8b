"""Name augmentation for the NER half: swap gold names for others and fill chat turns, all from one seed.

The treebank's names are few and mostly American and Iraqi politics of 2004, while chats are full of first names.
Swapping keeps the number of tokens, so the rest of the annotation stays as it is.
"""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from .treebank import Sentence

HERE = Path(__file__).parent
HELD_OUT_EVERY = 7
INVENTED_SHARE = 0.2  # of person names and places: invented words, so that the context must be learned
SYLLABLES = (
    "ba be bo da de do fa fi ga ka ke ko la le li lo ma me mi mo na ne no "
    "ra re ri ro sa se so ta te to va ve vo za ze zo"
)
ENDINGS = "n l r s m th nd rk lin mar dor ia o a ix ek ara en us el"


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names by kind; `held_out` picks the share of each list that training never sees."""

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    places: tuple[str, ...]
    organisations: tuple[str, ...]
    organisation_frames: tuple[str, ...]

    def draw(self, label: str, rng: random.Random) -> str:
        """One name of the given label (PER, LOC or ORG)."""
        if label == "PER":
            first = invented(rng) if rng.random() < INVENTED_SHARE else rng.choice(self.first_names)
            return first if rng.random() < 0.6 else f"{first} {rng.choice(self.last_names)}"
        if label == "LOC":
            return invented(rng) if rng.random() < INVENTED_SHARE else rng.choice(self.places)
        if rng.random() < 0.5:
            return rng.choice(self.organisations)
        frame = rng.choice(self.organisation_frames)
        for slot, names in (("[P]", self.places), ("[L]", self.last_names)):
            while slot in frame:
                frame = frame.replace(slot, rng.choice(names), 1)
        return frame.replace("[M]", invented(rng))


def load_gazetteer(held_out: bool) -> Gazetteer:
    """The names for training, or the disjoint ones kept for measuring."""
    lists = tomllib.loads((HERE / "gazetteer.toml").read_text(encoding="utf-8"))

    def pick(key: str) -> tuple[str, ...]:
        names = [name.strip() for name in lists[key].replace("\n", " ").split(",") if name.strip()]
        return tuple(n for i, n in enumerate(names) if (i % HELD_OUT_EVERY == 0) == held_out)

    frames = tuple(f.strip() for f in lists["organisation_frames"].replace("\n", " ").split(",") if f.strip())
    return Gazetteer(pick("first_names"), pick("last_names"), pick("places"), pick("organisations"), frames)


def invented(rng: random.Random) -> str:
    """A capitalised word that no list holds."""
    stem = "".join(rng.choice(SYLLABLES.split()) for _ in range(rng.randint(1, 2)))
    return (stem + rng.choice(ENDINGS.split())).capitalize()


def swap(sentences: list[Sentence], gazetteer: Gazetteer, rng: random.Random) -> list[Sentence]:
    """The same sentences with every name replaced by another of its kind and token count.

    A name that occurs twice gets the same replacement. Names for which no fitting one is drawn stay.
    """
    chosen: dict[tuple[str, ...], list[str]] = {}
    result = []
    for sentence in sentences:
        words, lemmas = list(sentence.words), list(sentence.lemmas)
        for start, end, label in sentence.entities or []:
            old = tuple(words[start:end])
            new = chosen.get(old) or _fitting(label, end - start, gazetteer, rng)
            if new:
                chosen[old] = new
                words[start:end] = [w.upper() for w in new] if "".join(old).isupper() and len(old[0]) > 4 else new
                lemmas[start:end] = words[start:end]
        result.append(replace(sentence, words=words, lemmas=lemmas))
    return result


def _fitting(label: str, length: int, gazetteer: Gazetteer, rng: random.Random) -> list[str] | None:
    for _ in range(25):
        words = gazetteer.draw(label, rng).split()
        if len(words) == length and not any("'" in w or "&" in w for w in words):
            return words
    return None


def chat_turns(count: int, gazetteer: Gazetteer, nlp: Language, rng: random.Random) -> list[Doc]:
    """`count` documents of one to three chat turns with names filled in; only entities are annotated."""
    lines = (HERE / "turns.txt").read_text(encoding="utf-8").splitlines()
    turns = [line for line in lines if line and not line.startswith("#")]
    labels = {"P": "PER", "F": "PER", "L": "LOC", "O": "ORG"}
    docs = []
    for _ in range(count):
        text, spans = "", []
        for turn in rng.sample(turns, rng.randint(1, 3)):
            text += " " if text else ""
            parts = turn.replace("{", "}").split("}")  # odd parts are slots
            for index, part in enumerate(parts):
                if index % 2 == 0:
                    text += part
                    continue
                name = gazetteer.draw(labels[part], rng)
                if part == "P":
                    name = name.split()[0] if rng.random() < 0.85 else name
                elif part == "F" and " " not in name:
                    name = f"{name} {rng.choice(gazetteer.last_names)}"
                spans.append((len(text), len(text) + len(name), labels[part]))
                text += name
        doc = nlp.make_doc(text)
        ents = [doc.char_span(a, b, label=label, alignment_mode="expand") for a, b, label in spans]
        doc.set_ents([span for span in ents if span is not None], default="outside")
        docs.append(doc)
    return docs
