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
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.answers import denies
from factloom.engine.extraction.antecedents import REACH, Antecedents, Turn, somebody_new
from factloom.engine.extraction.attributes import read_attribute, read_measure, read_participle
from factloom.engine.extraction.benefits import read_benefit
from factloom.engine.extraction.bonds import read_bond
from factloom.engine.extraction.casing import recased, straightened
from factloom.engine.extraction.changed_plans import read_changed_plan
from factloom.engine.extraction.characters import made_up, without_characters
from factloom.engine.extraction.clauses import read_clauses
from factloom.engine.extraction.completions import SILENT_ROLES, Completion, completions, readable_text
from factloom.engine.extraction.copulas import read_copula
from factloom.engine.extraction.dates import bare_when
from factloom.engine.extraction.deaths import outlived, read_death
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.endings import parted, read_ending
from factloom.engine.extraction.evaluations import read_evaluated
from factloom.engine.extraction.fondness import read_fondness
from factloom.engine.extraction.given_up import also_over
from factloom.engine.extraction.happenings import read_good_time, read_happening, read_trips
from factloom.engine.extraction.mending import mend
from factloom.engine.extraction.mentions import THIRD_PERSON, Reader
from factloom.engine.extraction.moves import read_move
from factloom.engine.extraction.numeric_dates import DateOrder, reading_dates
from factloom.engine.extraction.participles import participial_clauses, reworded
from factloom.engine.extraction.phrases import conjuncts, passing_predicates, relation_of
from factloom.engine.extraction.pipeline import load_pipeline, offline_name
from factloom.engine.extraction.plans import read_occasion, read_plan
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.procedures import Procedures, read_procedures
from factloom.engine.extraction.promotions import read_role_over
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
from factloom.engine.extraction.tags import without_tags
from factloom.engine.extraction.teamwork import read_teamwork
from factloom.engine.extraction.titles import readable
from factloom.engine.extraction.turning_points import read_turning_point
from factloom.engine.extraction.unmeant import goes_on_in_fiction
from factloom.engine.extraction.verbs import read_naming, read_verb
from factloom.engine.extraction.worth import is_worth_keeping, weigh
from factloom.schemas.extraction import CORRECTS, UNNAMED, Candidate, Extraction, ExtractionRequest, Mention
from factloom.schemas.ontology import Ontology, ontology_in_use, using
from factloom.schemas.records import Episode, Role

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span, Token

BATCH: Final = 64
REMEMBERED: Final = 512  # turns whose people are kept, so that a window costs no second parse


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
            completed = [completions(request) for request in requests]
            statements = [
                straightened(text) for each in completed for completion in each for text in completion.statements
            ]
            told = map(mend, nlp.pipe(statements, batch_size=BATCH))
            found = []
            for request, doc, each in zip(requests, docs, completed, strict=True):
                parsed = [(completion, [next(told) for _ in completion.statements]) for completion in each]
                found.append(self._read(request, doc, nlp, parsed))
            return found

    def _read(
        self, request: ExtractionRequest, doc: Doc, nlp: Language, completed: Sequence[tuple[Completion, Sequence[Doc]]]
    ) -> Extraction:
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
        used = {instead for completion, _ in completed for instead in completion.takes_the_place_of()}
        if used:
            candidates = [c for c in candidates if c.sentence.strip() not in used]
        candidates += [c for completion, told in completed for c in _read_completion(completion, told, reader, episode)]
        candidates = without_characters(candidates, made_up(episode, request.previous))
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
        people = list(reader.people(doc, len(doc)))
        new = somebody_new(doc, len(doc))
        somebody = new >= 0 and all(person.index < new for person in people)
        found = Turn(people, frozenset(open_), reader.named(doc, len(doc)), somebody)
        self._cache[_key(episode, reader)] = found
        while len(self._cache) > REMEMBERED:
            self._cache.popitem(last=False)
        return found


def _tokens(nlp: Language, episode: Episode, around: Sequence[Episode], *, last: int = LONGEST) -> Doc:
    """The message as tokens; what was said, capital for capital, stays in the document's user data."""
    said = readable_text(episode)[-last:]
    doc = readable(nlp, recased(without_tags(straightened(said)), _first_names([episode, *around])))
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


def _read_completion(completion: Completion, docs: Sequence[Doc], reader: Reader, episode: Episode) -> list[Candidate]:
    """What the completed words state; their evidence is the words themselves."""
    spans = list(sentences(docs[0]))
    mended = completion.leans_on is not None and completion.leans_on[0] == CORRECTS
    procedures = read_procedures(spans, reader, episode.occurred_at, ()) if mended else Procedures()
    told = [span for span in spans if span.start not in procedures.sentences]
    found = [*procedures.candidates, *(c for span in told for c in _read_sentence(span, reader, episode, ()))]
    for wrong in docs[1:]:
        found = [*_mistaken(wrong, found, reader, episode), *found]
    if denies(completion.words):  # "Is your wife still at Bosch?" "No, we're divorced.": what was asked may be over
        found = [c for c in found if not (c.metadata.get(UNNAMED) and c.predicate in passing_predicates())]
    leaning = dict([completion.leans_on]) if completion.leans_on is not None else {}
    new = [c for c in found if completion.is_about(c)]
    return [c.model_copy(update={"sentence": completion.words, "metadata": {**c.metadata, **leaning}}) for c in new]


def _mistaken(wrong: Doc, right: Sequence[Candidate], reader: Reader, episode: Episode) -> list[Candidate]:
    """What was stated of the wrong one, denied: "Waffle died, not Biscuit": Biscuit did not."""
    told = {(c.subject.name.casefold(), c.predicate) for c in right}
    stated = [c for span in sentences(wrong) for c in _read_sentence(span, reader, episode, ())]
    instead = [c for c in stated if any(c.predicate == predicate for _, predicate in told) and not c.negated]
    denied = {"negated": True, "correction": True, "invalid_at": None}
    return [c.model_copy(update=denied) for c in instead if (c.subject.name.casefold(), c.predicate) not in told]


def _procedures(spans: Sequence[Span], reader: Reader, request: ExtractionRequest, quoted: Spans) -> Procedures:
    """What people and documents tell of how things are done; what an assistant explains is nobody's way."""
    if request.episode.role is Role.ASSISTANT:
        return Procedures()
    before = request.previous[-1] if request.previous else None
    asked = before is not None and before.role not in SILENT_ROLES and before.speaker != request.episode.speaker
    question = readable_text(before)[-400:] if before is not None and asked else None
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
    if stated is not None and not any(fact.predicate not in _PRESUPPOSED for fact in found):
        whole += read_teamwork(stated)
    if drafts and not any(fact.predicate in ("PLANS", "PLANS_TO") for fact in found):
        whole += read_occasion(drafts)
    return whole + (read_trips(drafts) if drafts else [])


_PRESUPPOSED: Final = frozenset({"HAS", "HAS_COLLEAGUE", "HAS_BOSS", "HAS_SISTER", "HAS_BROTHER", "HAS_FRIEND"})
_FIRST: Final = (
    read_bond,
    read_role_over,
    read_ending,
    read_changed_plan,
    read_move,
    read_death,
    read_naming,
    read_calling,
    read_equation,
)
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
            return limited(draft, [*found, *also_over(draft, found), *read_turning_point(draft, found)])
    return [*also_over(draft, []), *read_turning_point(draft, [])]


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
    """Each fact once, the surest reading of it; "Ana's sister" not beside Bea, who is she, or is so no longer."""
    denied = {(c.subject.name, c.predicate) for c in candidates if c.negated and not c.correction}
    candidates = [c for c in candidates if UNNAMED not in c.metadata or (c.subject.name, c.predicate) not in denied]
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
