"""The offline extractor: statements in, candidate facts out, with a small spaCy pipeline and no network.

The way of a message: it is parsed, cut into sentences (``sentences``), which are read for procedures
(``procedures``), and each other statement into clauses (``clauses``); every clause is read for what it ends, names,
equates, is and does (``endings``, ``verbs``, ``relatives``, ``copulas``, ``plans``); noun phrases become mentions
(``mentions``, ``antecedents``), dates are resolved (``dates``), and ``drafting`` makes candidates of it all. Silence
is better than junk: a clause that is asked, wished, supposed or about nobody in particular gives nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.answers import asks_for_time, complete
from factloom.engine.extraction.antecedents import REACH, Antecedents, Turn
from factloom.engine.extraction.attributes import read_attribute, read_measure, read_participle
from factloom.engine.extraction.benefits import read_benefit
from factloom.engine.extraction.casing import recased
from factloom.engine.extraction.clauses import read_clauses
from factloom.engine.extraction.copulas import read_copula
from factloom.engine.extraction.corrections import complete_correction, complete_mistaken
from factloom.engine.extraction.dates import bare_when
from factloom.engine.extraction.deaths import outlived, read_death
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.endings import parted, read_ending
from factloom.engine.extraction.evaluations import read_evaluated
from factloom.engine.extraction.fondness import read_fondness
from factloom.engine.extraction.happenings import read_good_time, read_happening, read_trips
from factloom.engine.extraction.mending import mend
from factloom.engine.extraction.mentions import THIRD_PERSON, Reader
from factloom.engine.extraction.numeric_dates import DateOrder, reading_dates
from factloom.engine.extraction.participles import participial_clauses, reworded
from factloom.engine.extraction.phrases import conjuncts, relation_of
from factloom.engine.extraction.pipeline import load_pipeline, offline_name
from factloom.engine.extraction.plans import read_occasion, read_plan
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.procedures import Procedures, read_procedures
from factloom.engine.extraction.quotations import Spans, is_quoted, quoted_spans
from factloom.engine.extraction.relatives import (
    named_relatives,
    presupposed,
    read_calling,
    read_equation,
    relation_facts,
)
from factloom.engine.extraction.restrictions import limited
from factloom.engine.extraction.retractions import taken_back
from factloom.engine.extraction.schedules import read_locations, read_schedule
from factloom.engine.extraction.sentences import (
    LONGEST,
    Kind,
    is_command,
    is_joke_told,
    keep_apart,
    kind_of,
    sentences,
    takes_back,
    text_of,
)
from factloom.engine.extraction.showing import read_owned, read_shown, read_venture
from factloom.engine.extraction.states import read_ages, read_state
from factloom.engine.extraction.titles import readable
from factloom.engine.extraction.unmeant import goes_on_in_fiction
from factloom.engine.extraction.verbs import read_naming, read_verb
from factloom.engine.extraction.worth import is_worth_keeping, weigh
from factloom.schemas.extraction import CORRECTS, Candidate, Extraction, ExtractionRequest, Mention
from factloom.schemas.ontology import Ontology, ontology_in_use, using
from factloom.schemas.records import Episode, Role

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span, Token

BATCH: Final = 64
REMEMBERED: Final = 512  # turns whose people are kept, so that a window costs no second parse
SILENT_ROLES: Final = frozenset({Role.SYSTEM, Role.TOOL})


class OfflineExtractor:
    """Extracts facts with a spaCy pipeline (``load_pipeline``); loads it at the first message.

    Safe to call from several threads: parsing is serialised. ``ontology``: the predicates and types to read for;
    default: the one in use, which is the core unless a memory has its own. ``dates``: how to read 3/4/2024 where
    nothing tells which is the month.
    """

    def __init__(
        self, pipeline: str | None = None, *, ontology: Ontology | None = None, dates: DateOrder = "month first"
    ) -> None:
        self._pipeline = pipeline
        self._dates = dates
        self._ontology = ontology
        self._lock = Lock()
        self._cache: OrderedDict[tuple[str, ...], Turn] = OrderedDict()

    @property
    def name(self) -> str:
        """``offline/`` and the pipeline's name."""
        return offline_name(self._pipeline)

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        """One result per request, in order.

        Raises:
            ModelNotFoundError: the pipeline is missing or damaged.
        """
        nlp = load_pipeline(self._pipeline)
        with self._lock, using(self._ontology or ontology_in_use()), reading_dates(self._dates):
            texts = (_tokens(nlp, request.episode, request.previous) for request in requests)
            docs = [mend(doc) for doc in nlp.pipe(texts, batch_size=BATCH)]
            answers = [_answer(request) or _correction(request) for request in requests]
            told = map(mend, nlp.pipe([answer[0] for answer in answers if answer is not None], batch_size=BATCH))
            found = []
            for request, doc, answer in zip(requests, docs, answers, strict=True):
                completed = None if answer is None else _Answer(next(told), *answer[1:])
                found.append(self._read(request, doc, nlp, completed))
            return found

    def _read(self, request: ExtractionRequest, doc: Doc, nlp: Language, answer: _Answer | None) -> Extraction:
        episode = request.episode
        if episode.role in SILENT_ROLES:
            return Extraction(episode_id=episode.id)
        everyone = [*request.previous, episode]
        reader = _reader(episode, everyone)
        turns = [self._turn(turn, nlp, everyone) for turn in request.previous[: -REACH - 1 : -1]]
        named = {p.mention.name.split()[0].lower() for t in turns for p in t.people if p.mention.type == "person"}
        reader.known = _first_names([episode, *request.previous]) | named
        reader.antecedents = Antecedents(
            people=reader.people,
            previous=lambda: [
                *turns,
                *(self._turn(turn, nlp, everyone) for turn in request.previous[-REACH - 1 :: -1]),
            ],
            present=frozenset(turn.speaker for turn in [episode, *request.previous] if turn.speaker),
            named=reader.named,
        )
        self._remember(episode, reader, doc)
        quoted = quoted_spans(doc.text, episode.speaker)
        taken = taken_back(request)
        spans = [] if taken is None and is_joke_told(doc.text) else list(sentences(doc))
        procedures = _procedures(spans, reader, request, quoted)
        candidates = [*procedures.candidates]
        for before, span, later in zip(["", *map(text_of, spans)], spans, [*spans[1:], None], strict=False):
            if goes_on_in_fiction(before, text_of(span)):
                continue
            told = procedures.sentences.get(span.start, span.start)
            if told > span.start:
                candidates += presupposed(list(doc[span.start : told]), span, reader, episode.occurred_at)
            if told < span.end:
                candidates += _read_sentence(doc[told : span.end], reader, episode, quoted, later)
        if answer is not None:
            used = {answer.instead_of, answer.words if answer.leans_on[0] == CORRECTS else None}
            candidates = [c for c in candidates if c.sentence.strip() not in used]
            candidates += _read_answer(answer, reader, episode)
        if episode.role is Role.ASSISTANT:  # what it says of its own doings is no memory of anybody
            candidates = [c for c in candidates if not c.subject.is_speaker]
        weighed = [weigh(candidate) for candidate in outlived(parted(_distinct(candidates)))]
        kept = tuple(candidate for candidate in weighed if is_worth_keeping(candidate))
        notes = (f"{len(weighed) - len(kept)} not worth keeping",) if len(kept) < len(weighed) else ()
        return Extraction(episode_id=episode.id, candidates=kept, notes=notes, takes_back=taken)

    def _turn(self, episode: Episode, nlp: Language, everyone: Sequence[Episode]) -> Turn:
        """Whom an earlier turn mentions; parsed once, the last few hundred are remembered."""
        reader = _reader(episode, everyone)
        found = self._cache.get(_key(episode, reader))
        if found is not None:
            return found
        reader.known = _first_names([episode])
        reader.antecedents = Antecedents(reader.people, list, frozenset({episode.speaker or ""}))
        return self._remember(episode, reader, mend(nlp(_tokens(nlp, episode, everyone, last=1000))))

    def _remember(self, episode: Episode, reader: Reader, doc: Doc) -> Turn:
        antecedents = reader.antecedents
        open_ = {
            THIRD_PERSON[token.lower_]
            for token in doc
            if token.lower_ in THIRD_PERSON
            and antecedents is not None
            and antecedents.within(token, THIRD_PERSON[token.lower_]) is None
        }
        found = Turn(list(reader.people(doc, len(doc))), frozenset(open_), reader.named(doc, len(doc)))
        self._cache[_key(episode, reader)] = found
        while len(self._cache) > REMEMBERED:
            self._cache.popitem(last=False)
        return found


def _readable(episode: Episode) -> str:
    """The content as spaCy can take it: no longer than it is read, broken surrogates replaced one for one."""
    return episode.content[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def _tokens(nlp: Language, episode: Episode, around: Sequence[Episode], *, last: int = LONGEST) -> Doc:
    """The message as tokens; what was said, capital for capital, stays in the document's user data."""
    said = _readable(episode)[-last:]
    doc = readable(nlp, recased(said, _first_names([episode, *around])))
    doc.user_data["said"] = said
    keep_apart(doc)
    return doc


def _key(episode: Episode, reader: Reader) -> tuple[str, ...]:
    """What tells an earlier turn from others; the same words may mean others elsewhere, where other names are known."""
    addressee = reader.addressee.name if reader.addressee is not None else ""
    return episode.space, episode.session or "", episode.speaker or "", addressee, episode.content


def _reader(episode: Episode, everyone: Sequence[Episode]) -> Reader:
    """A reader for one of the turns ``everyone`` took; "you" is certain only where two people talk to each other."""
    if episode.role is Role.DOCUMENT:
        return Reader(speaker=None)
    name = episode.speaker or episode.labels.user_id or episode.role.value
    talking = {turn.speaker for turn in everyone if turn.speaker and turn.role is Role.USER}
    others = talking - {episode.speaker}
    alone = len(talking) == 2 and len(others) == 1
    addressee = Mention(name=next(iter(others))[:200], type="person") if alone else None
    return Reader(speaker=Mention(name=name[:200], type="person", is_speaker=True), addressee=addressee)


def _first_names(turns: Sequence[Episode]) -> frozenset[str]:
    return frozenset(turn.speaker.split()[0].lower() for turn in turns if turn.speaker and turn.speaker.strip())


@dataclass(frozen=True, slots=True)
class _Answer:
    """A short answer or correction made a sentence: its parse, the words that stand in the message, and what of it.

    ``leans_on``: the key in the metadata of its facts, and the id of the episode that it completes or corrects;
    ``instead_of``: the sentence of the same message that it takes back.
    """

    doc: Doc
    words: str
    leans_on: tuple[str, str]
    instead_of: str | None = None


_Told = tuple[str, str, tuple[str, str], str | None]


def _answer(request: ExtractionRequest) -> _Told | None:
    """The statement that the message makes with the question before it, the words used up, and the question's id."""
    episode, before = request.episode, request.previous[-1] if request.previous else None
    if before is None or (before.role, before.speaker) == (episode.role, episode.speaker):
        return None
    if before.role in SILENT_ROLES or episode.role in SILENT_ROLES or "?" not in before.content:
        return None
    question = before.content.rstrip()[-400:]
    earlier = _told_before(request) if asks_for_time(question) else ""
    completed = complete(question, _readable(episode), earlier)
    return (*completed, ("answers", before.id), None) if completed is not None else None


def _told_before(request: ExtractionRequest) -> str:
    """What who answers said right before the question; a short answer is told with the question that it answers."""
    own = request.previous[-2] if len(request.previous) > 1 else None
    if own is None or (own.role, own.speaker) != (request.episode.role, request.episode.speaker):
        return ""
    told = _answer(ExtractionRequest(episode=own, previous=request.previous[:-2]))
    return told[0] if told is not None else _readable(own)[-400:]


def _correction(request: ExtractionRequest) -> _Told | None:
    """The statement that a short correction makes of what the same speaker said before, its words, and that episode.

    Behind somebody else's question it is an answer, and corrects only what stands in the message itself.
    """
    episode = request.episode
    if episode.role in SILENT_ROLES or episode.role is Role.DOCUMENT:
        return None
    own = [turn for turn in request.previous if (turn.role, turn.speaker) == (episode.role, episode.speaker)]
    if request.previous and "that" in episode.content[:40].lower():
        before_it = request.previous[-1]
        mixed = complete_mistaken(_readable(before_it)[-400:], _readable(episode))
        if mixed is not None:
            return mixed.statement, mixed.words, (CORRECTS, before_it.id), None
    last = request.previous[-1] if request.previous else None
    asked = last is not None and last not in own and "?" in last.content
    before = [] if asked else own[-1:]
    earlier = [_readable(turn)[-400:] for turn in before]
    found = complete_correction(earlier, _readable(episode), episode.occurred_at)
    if found is None:
        return None
    corrected = episode.id if found.instead_of is not None else before[-1].id
    return found.statement, found.words, (CORRECTS, corrected), found.instead_of


def _read_answer(answer: _Answer, reader: Reader, episode: Episode) -> list[Candidate]:
    """What the completed answer states; its evidence is the answer itself."""
    found = [c for span in sentences(answer.doc) for c in _read_sentence(span, reader, episode, ())]
    metadata = dict([answer.leans_on])
    return [c.model_copy(update={"sentence": answer.words, "metadata": {**c.metadata, **metadata}}) for c in found]


def _procedures(spans: Sequence[Span], reader: Reader, request: ExtractionRequest, quoted: Spans) -> Procedures:
    """What people and documents tell of how things are done; what an assistant explains is nobody's way."""
    if request.episode.role is Role.ASSISTANT:
        return Procedures()
    before = request.previous[-1] if request.previous else None
    asked = before is not None and before.role not in SILENT_ROLES and before.speaker != request.episode.speaker
    question = _readable(before)[-400:] if before is not None and asked else None
    return read_procedures(spans, reader, request.episode.occurred_at, quoted, question)


def _read_sentence(
    span: Span, reader: Reader, episode: Episode, quoted: Spans, later: Span | None = None
) -> list[Candidate]:
    """What one sentence states; ``later``, the one behind it, may hold only its date ("Two years ago.")."""
    kind = kind_of(text_of(span))
    if kind in (Kind.IRONY, Kind.FICTION) or (later is not None and takes_back(text_of(later))):
        return []
    if is_quoted(quoted, span.start_char):
        return []
    own = [token for token in span if not is_quoted(quoted, token.idx)]
    taken = presupposed(own, span, reader, episode.occurred_at)
    if kind is not Kind.STATEMENT:
        return taken
    found: list[Candidate] = []
    drafts: list[Draft] = []
    when = bare_when(text_of(later), episode.occurred_at) if later is not None else None
    for clause in read_clauses(span):
        if is_quoted(quoted, clause.verb.idx):
            continue
        draft = Draft.of(clause, span, reader, episode.occurred_at)
        if when is not None and later is not None and draft.when is None and clause.tense is Tense.PAST:
            draft.when = replace(when, span=(later.start_char, later.end_char))
        if is_command(clause.verb) and not clause.implicit:
            found += read_naming(draft)
            continue
        facts = _read_clause(draft) if clause.factual else read_plan(draft) if clause.wished else []
        found += facts
        for inner in participial_clauses(clause):
            beside = Draft.of(inner, span, reader, episode.occurred_at)
            found += read_owned(beside) or reworded(beside, read_verb(beside))
        drafts.append(draft)
        if clause.factual:
            found += _relatives_around(draft, facts, own)
    if len(own) == len(span):  # what looks at the whole sentence leaves out those that quote
        found += _read_whole(drafts, found)
    return found + taken


def _read_whole(drafts: list[Draft], found: list[Candidate]) -> list[Candidate]:
    """Ages, places of firms and events of one's own, which are read by the words of the whole sentence."""
    stated = next((draft for draft in drafts if draft.clause.factual), None)
    whole = [*read_ages(stated), *read_locations(stated), *read_fondness(stated)] if stated is not None else []
    if drafts and not any(fact.predicate in ("PLANS", "PLANS_TO") for fact in found):
        whole += read_occasion(drafts)
    return whole + (read_trips(drafts) if drafts else [])


_FIRST: Final = (read_ending, read_death, read_naming, read_calling, read_equation)
_STATED: Final = (
    read_schedule,
    read_measure,
    read_attribute,
    read_participle,
    read_state,
    read_benefit,
    read_evaluated,
    read_happening,
    read_good_time,
    read_shown,
    read_copula,
)


def _read_clause(draft: Draft) -> list[Candidate]:
    for read in (*_FIRST, *_STATED, read_plan, read_verb, read_venture):
        found = read(draft)
        if found:
            return limited(draft, found)
    return []


def _relatives_around(draft: Draft, facts: list[Candidate], own: list[Token]) -> list[Candidate]:
    """Named relatives among the clause's ``own`` words; unnamed ones only when the clause told something."""
    clause = draft.clause
    inside = {token.i for token in clause.verb.subtree}
    tokens = [token for token in own if token.i in inside]
    found = named_relatives(draft, tokens)
    having = clause.lemma in ("have", "get", "rescue") and not clause.negated
    if facts or having:
        joined = [t for noun in clause.objects for t in conjuncts(noun)[1:]]
        for token in [clause.subject, *clause.objects, *joined, *(noun for _, noun in clause.obliques)]:
            if token is None or relation_of(token) is None:
                continue
            kin = draft.reader.kin(token)
            known = kin is not None and any(
                kin.other.name in mention.aliases
                for fact in [*facts, *found]
                for mention in (fact.subject, fact.object)
                if mention
            )
            if kin is not None and not kin.named and kin.relation.presupposed and not known:
                found += relation_facts(draft, kin)
    return found


def _distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Each fact once, the surest reading of it; "Ana's sister" not beside Bea, who is she."""
    best: dict[tuple[str, str, str, bool], Candidate] = {}
    for candidate in candidates:
        object = candidate.object.name.casefold() if candidate.object is not None else ""
        key = (candidate.subject.name.casefold(), candidate.predicate, object, candidate.negated)
        if key not in best or best[key].confidence < candidate.confidence:
            best[key] = candidate
    named = {
        (c.subject.name, c.predicate, alias)
        for c in best.values()
        if c.object is not None
        for alias in c.object.aliases
    }
    return [c for c in best.values() if c.object is None or (c.subject.name, c.predicate, c.object.name) not in named]
