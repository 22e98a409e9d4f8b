"""What somebody takes for their health: "now I take ramipril", "I've stopped the bisoprolol"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.phrases import conjuncts, phrase
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token


def read_medicine(draft: Draft) -> list[Candidate | None]:
    """For "now I take ramipril", "I've stopped the bisoprolol", "the doctor put me on insulin"."""
    clause = draft.clause
    over = clause.lemma in ("stop", "quit", "come off") or clause.no_longer
    if clause.lemma not in ("take", "use") and not over:
        return []
    nouns = [(t, t) for noun in clause.objects for t in conjuncts(noun) if is_medicine(t)]
    doses = [(_dosed(t), t) for noun in clause.objects for t in conjuncts(noun) if t.lower_ in _UNITS]
    nouns += [(medicine, dose) for medicine, dose in doses if medicine is not None]
    if clause.tense is Tense.PAST and not (over or clause.perfect):
        return []
    negated = over or clause.negated
    return [
        draft.candidate(
            subject,
            "TAKES",
            Mention(name=noun.lower_ if dose is not noun else phrase(noun).lower(), type="medicine"),
            text=text,
            negated=negated,
        )
        for noun, dose in nouns
        for subject in draft.subjects()
        for text in [retell(clause, subject.name, draft.reader, draft.when) if dose is not noun else None]
    ]


_UNITS: Final = frozenset(
    {
        "mg",
        "milligrams",
        "milligram",
        "mcg",
        "micrograms",
        "g",
        "ml",
        "units",
        "tablets",
        "pills",
        "drops",
        "tablet",
        "pill",
    }
)
_BY_WEIGHT: Final = frozenset({"mg", "milligrams", "milligram", "mcg", "micrograms"})


def _dosed(unit: Token) -> Token | None:
    """The medicine of "50 mg of levothyroxine", "two tablets of paracetamol"; what is weighed so is one."""
    doc, at = unit.doc, unit.i + 2
    if at >= len(doc) or doc[at - 1].lower_ != "of" or not doc[at].is_alpha:
        return None
    return doc[at] if is_medicine(doc[at]) or unit.lower_ in _BY_WEIGHT else None


def is_medicine(token: Token) -> bool:
    """Whether a noun names a medicine: by the list, or by the ending of its name."""
    lists = vocabulary().medicines
    return token.lower_ in lists or token.lemma_.lower() in lists or _MEDICINE.search(token.lower_) is not None


_MEDICINE: Final = re.compile(
    r"\w(?:pril|olol|formin|statin|cillin|azole|zepam|oxetine|profen|sartan|prazole|mycin|raline|dipine|triptan|lukast|oxacin)$"
)
