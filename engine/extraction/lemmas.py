"""Mend verb lemmas that the trainable lemmatiser gets wrong for words it has not seen ("chatt", "explor", "roaste").

Spelling rules of the regular -ed and -ing forms, after Porter (1980), step 1b, extended by endings.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spacy.tokens import Token

# Stems that lost an e. Short ones: a single consonant after a single vowel would have been doubled ("bak-ing").
_LOST_E: Final = re.compile(
    r"(?:[bcdfghjkmnpqrstvwxz]l|[^e]at|[cr]eat|iz|v|u|(?<![su])s|[iaeour][cg]|[nr]c|[dr]g|plor|gnor|dor|stor|scor|[tsj]ur|vit|"
    r"(?<![ao])i[rnd]|dul|[bctlp]ut|com)$"
)
_SHORT: Final = re.compile(r"^[bcdfghjklmnpqrstvwxyz]{0,2}[aeiou][bcdfgklmnprstvz]$")
_NO_E: Final = re.compile(
    r"(?:oast|ist|est|ust|lt|nt|ct|pt|ft|rt|nd|ld|rk|lk|sk|lp|mp|ck|sh|ch|ss|ll|ff|lm|ow|ay|oy|[aeo][aiou][nkdlmp])e$"
)
_DOUBLED: Final = re.compile(r"([bdgmnprt])\1$")


# Irregular pasts that are easily taken for base forms.
_IRREGULAR: Final = dict(
    pair.split(":")
    for pair in [
        "won:win",
        "tore:tear",
        "rose:rise",
        "shone:shine",
        "struck:strike",
        "swore:swear",
        "sought:seek",
        "spun:spin",
        "sprang:spring",
        "withdrew:withdraw",
        "wore:wear",
        "wrote:write",
        "swam:swim",
        "ran:run",
        "sang:sing",
        "drank:drink",
        "drew:draw",
        "drove:drive",
        "rode:ride",
        "flew:fly",
        "grew:grow",
        "threw:throw",
        "knew:know",
        "broke:break",
        "spoke:speak",
        "stole:steal",
        "woke:wake",
        "chose:choose",
        "froze:freeze",
        "took:take",
        "shook:shake",
        "gave:give",
        "ate:eat",
        "fell:fall",
        "saw:see",
        "went:go",
        "came:come",
        "became:become",
        "began:begin",
        "found:find",
        "fought:fight",
        "bought:buy",
        "brought:bring",
        "taught:teach",
        "caught:catch",
        "thought:think",
        "sold:sell",
        "told:tell",
        "held:hold",
        "kept:keep",
        "slept:sleep",
        "left:leave",
        "met:meet",
        "led:lead",
        "fed:feed",
        "built:build",
        "sent:send",
        "spent:spend",
        "lent:lend",
        "lost:lose",
        "made:make",
        "paid:pay",
        "said:say",
        "hung:hang",
        "stood:stand",
        "understood:understand",
        "heard:hear",
        "sat:sit",
        "got:get",
        "shot:shoot",
        "forgot:forget",
        "felt:feel",
        "dealt:deal",
        "meant:mean",
        "dreamt:dream",
        "learnt:learn",
        "rang:ring",
        "sank:sink",
        "dug:dig",
        "stuck:stick",
        "swept:sweep",
        "wept:weep",
        "bit:bite",
        "hid:hide",
        "slid:slide",
        "wrung:wring",
        "wound:wind",
        "unwound:unwind",
        "strove:strive",
        "strode:stride",
        "stank:stink",
        "stung:sting",
        "clung:cling",
        "flung:fling",
        "swung:swing",
        "shrank:shrink",
        "rewrote:rewrite",
        "rebuilt:rebuild",
        "resold:resell",
        "redid:redo",
        "overcame:overcome",
        "overtook:overtake",
        "undertook:undertake",
        "forgave:forgive",
        "leapt:leap",
        "knelt:kneel",
        "fled:flee",
        "crept:creep",
        "bled:bleed",
        "bred:breed",
        "blew:blow",
        "wove:weave",
        "laid:lay",
    ]
)


def is_irregular_past(token: Token) -> bool:
    """Whether a form that is tagged as present can only be a past ("I tore my knee")."""
    form = token.lower_
    return token.tag_ in ("VBP", "VB") and form in _IRREGULAR and form not in _AMBIGUOUS


_AMBIGUOUS: Final = frozenset({"found", "saw", "felt", "left", "fell", "bit", "shot", "hung", "led", "wound"})


_BRITISH: Final = frozenset(
    {"travell", "cancell", "labell", "modell", "counsell", "signall", "levell", "fuell", "marvell"}
)


def verb_lemma(token: Token) -> str:
    """The base form of a verb, lower case: the model's, unless the spelling of a regular form speaks against it."""
    return _verb_lemma(token.lemma_.lower(), token.lower_, token.tag_)


@lru_cache(maxsize=4096)
def _verb_lemma(lemma: str, form: str, tag: str) -> str:
    if form in _IRREGULAR and tag in ("VBD", "VBN", "VBP", "VB") and lemma in (form, f"{form}e"):
        return _IRREGULAR[form]
    if tag in ("VB", "VBP", "VBZ") and form.endswith("ing"):
        return form  # "bring"
    ending = "ed" if form.endswith("ed") else "ing" if form.endswith("ing") else ""
    if not ending or len(form) < 5:
        return lemma
    stem = form[: -len(ending)]
    if lemma in (form, stem) and form.endswith("ied"):
        return f"{form[:-3]}y"  # "married"
    lemma = stem if lemma == form else lemma
    if stem in _BRITISH:
        return stem[:-1]
    if lemma == stem:
        if _DOUBLED.search(stem) and len(stem) > 3:
            return stem[:-1]
        if _SHORT.match(stem) or (_LOST_E.search(stem) and len(stem) > 3):
            return f"{stem}e"
    if lemma == f"{stem}e" and _DOUBLED.search(stem) and len(stem) > 3:
        return stem[:-1]  # "tagging"
    if lemma == f"{stem}e" and _NO_E.search(lemma):
        return stem
    return lemma


def base_form(word: str) -> str:
    """The base form of a word in lower case that was not parsed, roughly: for comparing words with each other only.

    "lives", "lived" and "living" come to the same, "left" to "leave"; what comes out need be no word ("liv").
    """
    word = _IRREGULAR.get(word, word)
    for ending in ("ing", "ied", "ies", "ed", "es", "s", "e", "y"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= (2 if ending in ("e", "s", "y") else 3) and not word.endswith("ss"):
            return stem[:-1] if ending in ("ing", "ed") and _DOUBLED.search(stem) else stem
    return word


def is_past_form(word: str) -> bool:
    """Whether a word in lower case may be an irregular past ("taught"), or a participle."""
    return word in _IRREGULAR


_PASTS: Final = {lemma: form for form, lemma in reversed(_IRREGULAR.items())} | {
    "have": "had",
    "do": "did",
    "be": "was",
    "read": "read",
    "put": "put",
    "quit": "quit",
    "cut": "cut",
    "set": "set",
    "hurt": "hurt",
    "let": "let",
    "hit": "hit",
}


def past_tense(lemma: str) -> str:
    """The simple past of a verb, lower case."""
    if lemma in _PASTS:
        return _PASTS[lemma]
    if lemma.endswith("e"):
        return f"{lemma}d"
    if re.search(r"[^aeiou]y$", lemma):
        return f"{lemma[:-1]}ied"
    doubled = re.match(r"^[^aeiou]*[aeiou][bdgmnprt]$", lemma)
    return f"{lemma}{lemma[-1]}ed" if doubled else f"{lemma}ed"


def gerund(lemma: str) -> str:
    """The -ing form of a verb: "swim" is "swimming", "hike" is "hiking"."""
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", lemma):
        return f"{lemma}{lemma[-1]}ing"
    if lemma.endswith("ie"):
        return f"{lemma[:-2]}ying"
    return f"{lemma[:-1]}ing" if lemma.endswith("e") and not lemma.endswith("ee") else f"{lemma}ing"
