"""How much a candidate is worth to a memory: durable traits, ties, plans and events against the chatter around them.

A candidate begins with the base of what it tells and gains or loses for how it tells it; each step is a reason that
is kept on the fact (``metadata["worth_reasons"]``) beside the score (``metadata["worth"]``, 0 to 1). Below ``KEEPING``
it is not learned: what was said stays in the episode, which search reads too. The scores are set by hand, from what
questions about people ask for; ``docs/extraction.md`` lists them.
"""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.habits import FREQUENT
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate
from factloom.schemas.ontology import ontology_in_use
from factloom.schemas.records import Category

KEEPING: Final = 0.45  # the least that is learned

CORE: Final = 0.8  # a predicate of the core ontology
OPEN: Final = 0.5  # a verb of the speaker's own
_STEPS: Final = {
    "named object": 0.15,
    "described object": 0.1,
    "dated": 0.1,
    "plan": 0.05,
    "steps or a condition": 0.05,
    "ends or corrects something": 0.1,
    "bare object": -0.1,
    "leans on the context": -0.2,
    "hearsay": -0.1,
    "told at length": -0.1,
}
_LEANING: Final = re.compile(r"\b(?:it|this|that|these|those|there|here|you|your|something|someone|stuff)\b", re.I)
# Where a clause begins that only says how, why or which: what leans there, leans not in what is told.
_BESIDE: Final = re.compile(
    r",? (?:to (?:\w+ )?(?:remind|make|try|see|show|help|get|keep|bring|share)|"
    r"so|because|'cause|cos|as|while|where|who|which|"
    r"that (?!\w+ (?:day|night|time|week|year|one)\b)(?=\w+)|since|when|if|but|it was|it's|and it)\b| [-–—] "
)
_STEPS_TOLD: Final = re.compile(r"[,;] |\b(?:and|then|first|when|whenever|before|after|if|by)\b", re.IGNORECASE)
_LENGTHY: Final = 160  # characters of a text that tells more than one thing


def weigh(candidate: Candidate) -> Candidate:
    """The candidate with its worth and the reasons for it in its metadata."""
    score, reasons = worth(candidate)
    metadata = {**candidate.metadata, "worth": score, "worth_reasons": reasons}
    return candidate.model_copy(update={"metadata": metadata})


def worth(candidate: Candidate) -> tuple[float, list[str]]:
    """The score from 0 to 1, and its reasons: what is told first, then each step taken."""
    core = candidate.predicate in ontology_in_use() or candidate.predicate.startswith("FAVOURITE_")
    score = CORE if core else OPEN
    told = [name for name in _STEPS if _applies(name, candidate, core)]
    score += sum(_STEPS[name] for name in told)
    kind = {
        Category.PREFERENCE: "preference",
        Category.EPISODIC: "event",
        Category.PROCEDURAL: "procedure",
        Category.SEMANTIC: "lasting",
    }[candidate.category]
    return round(min(1.0, max(0.0, score)), 2), [f"{'core' if core else 'open'} {kind}", *told]


def is_worth_keeping(candidate: Candidate) -> bool:
    """Whether a weighed candidate reaches ``KEEPING``; what ends something is always told on."""
    return candidate.negated or float(str(candidate.metadata.get("worth", 1.0))) >= KEEPING


def _tells_enough(candidate: Candidate) -> bool:
    """Whether a verb or a noun of the speaker's own says enough with one word beside it: "teaches maths"."""
    if candidate.predicate.startswith("HAS_") or FREQUENT.search(candidate.text):
        return True  # "HAS_ORDER_NUMBER 44718", "goes to the gym twice a week"
    lists = vocabulary()
    noun = candidate.object.name.lower().split()[-1:] if candidate.object is not None else []
    verb = candidate.predicate.split("_")[0].lower()
    return (
        candidate.predicate in ("GO", "MAKE", "TRY_OUT")
        or verb in lists.telling_verbs
        or candidate.predicate.lower() in lists.telling_phrases | {"look_for"}
        or (verb in lists.making_verbs and bool({*noun} & lists.works))
        or bool({*noun} & (lists.occasions | lists.belongings | lists.conditions))
    )


def _core(candidate: Candidate) -> str:
    """The text up to the clause that follows what is told; a statement of a core predicate counts in whole."""
    name = candidate.object.name if candidate.object is not None else ""
    at = candidate.text.find(name.split()[-1]) if name else -1
    if at < 0:
        return candidate.text
    end = at + len(name.split()[-1])
    beside = _BESIDE.search(candidate.text, end)
    return candidate.text[: beside.start()] if beside is not None else candidate.text


def _applies(step: str, candidate: Candidate, core: bool) -> bool:
    name = candidate.object.name if candidate.object is not None else ""
    named = name[:1].isupper() or (candidate.object is not None and candidate.object.type in ("person", "animal"))
    described = len(name.split()) > 1
    checks = {
        "named object": named,
        "described object": described and not named,
        "dated": "time_expression" in candidate.metadata or "planned_for" in candidate.metadata,
        "plan": candidate.predicate in ("PLANS_TO", "PLANS", "WANTS_TO"),
        "steps or a condition": candidate.category is Category.PROCEDURAL and bool(_STEPS_TOLD.search(candidate.text)),
        "ends or corrects something": candidate.negated or candidate.correction or candidate.invalid_at is not None,
        "bare object": not core and not named and not described and not _tells_enough(candidate),
        "leans on the context": bool(_LEANING.search(_core(candidate))),
        "hearsay": "reported_by" in candidate.metadata,
        "told at length": len(candidate.text) > _LENGTHY and candidate.category is not Category.PROCEDURAL,
    }
    return checks[step]
