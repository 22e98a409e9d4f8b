"""Compare what a memory made of a conversation with its annotation, and count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from benchmarks.gold.annotations import Conversation, GoldFact, Turn
from benchmarks.gold.matching import Match, Matcher, is_hearsay, is_plan, time_is_right
from benchmarks.gold.observing import Observation, Seen

from factloom.schemas.ontology import core_ontology

_SPEAKER = frozenset({"i", "me", "my", "mine", "myself", "we", "us", "our"})


@dataclass
class Ratio:
    """So many of so many."""

    right: int = 0
    of: int = 0

    def note(self, right: bool) -> None:
        """Count one more."""
        self.right += right
        self.of += 1

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.right + other.right, self.of + other.of)

    @property
    def share(self) -> float | None:
        """The ratio; None of nothing."""
        return self.right / self.of if self.of else None


@dataclass(frozen=True)
class Pair:
    """An annotated fact and the stored statement that comes nearest to it in its turn, and how near."""

    fact: GoldFact
    seen: Seen
    match: Match


@dataclass
class TurnResult:
    """One turn: what was found, what was missed, what is beside the annotation and what only repeats it."""

    turn: Turn
    pairs: list[Pair] = field(default_factory=list)
    missed: list[GoldFact] = field(default_factory=list)
    junk: list[Seen] = field(default_factory=list)
    repeated: list[Seen] = field(default_factory=list)


@dataclass
class Score:
    """The counts of one conversation, or of several added up."""

    turns: int = 0
    stored: int = 0
    repeated: int = 0
    junk: int = 0
    strict_precision: Ratio = field(default_factory=Ratio)
    strict_recall: Ratio = field(default_factory=Ratio)
    lenient_precision: Ratio = field(default_factory=Ratio)
    lenient_recall: Ratio = field(default_factory=Ratio)
    silence: Ratio = field(default_factory=Ratio)
    speaker: Ratio = field(default_factory=Ratio)
    others: Ratio = field(default_factory=Ratio)
    resolved: Ratio = field(default_factory=Ratio)
    time: Ratio = field(default_factory=Ratio)
    dated: Ratio = field(default_factory=Ratio)
    polarity: Ratio = field(default_factory=Ratio)
    denials: Ratio = field(default_factory=Ratio)
    modality: Ratio = field(default_factory=Ratio)
    category: Ratio = field(default_factory=Ratio)
    standing: Ratio = field(default_factory=Ratio)
    clashes: int = 0
    over_closed: Ratio = field(default_factory=Ratio)
    left_open: Ratio = field(default_factory=Ratio)
    closed_by: Ratio = field(default_factory=Ratio)
    mixed_up: int = 0
    doubled: int = 0
    pending: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def coreference(self) -> Ratio:
        """Speakers and all others."""
        return self.speaker + self.others


@dataclass
class Result:
    """A conversation's counts, the turns that they come from, and what its end state gets wrong."""

    conversation: Conversation
    score: Score
    turns: list[TurnResult]
    reconciliation: list[str]


def f1(precision: Ratio, recall: Ratio) -> float | None:
    """The harmonic mean of two ratios; None if one is of nothing."""
    if precision.share is None or recall.share is None:
        return None
    total = precision.share + recall.share
    return 2 * precision.share * recall.share / total if total else 0.0


def score(conversation: Conversation, observation: Observation) -> Result:
    """Compare one conversation."""
    matcher = Matcher(conversation)
    total = Score(turns=len(conversation.turns), pending=observation.pending)
    results: list[TurnResult] = []
    told: list[GoldFact] = []
    for turn in conversation.turns:
        result = align(matcher, turn, observation.by_turn.get(turn.number, ()), told)
        _count(total, matcher, result)
        told += turn.facts
        results.append(result)
    wrong = _count_end(total, matcher, conversation, observation)
    return Result(conversation, total, results, wrong)


def align(matcher: Matcher, turn: Turn, seen: Iterable[Seen], told: Iterable[GoldFact] = ()) -> TurnResult:
    """Pair annotated facts with stored statements, the best matches first, each used once.

    A statement that is left over repeats (it says again what this turn or an earlier one is annotated with) or is
    junk. What a turn closed and what follows from another fact is never held against it.
    """
    result = TurnResult(turn)
    open_facts, open_seen = list(turn.facts), list(seen)
    for level in (Match.STRICT, Match.LENIENT, Match.OPPOSITE, Match.ENDS, Match.HALF):
        for fact in sorted(open_facts, key=lambda fact: fact.optional):
            usable = [s for s in open_seen if level <= Match.LENIENT or not (s.implied or s.ended)]
            # What was stated goes before what follows from it.
            usable.sort(key=lambda s: s.implied)
            found = next((s for s in usable if matcher.compare(fact, s) is level), None)
            if found is not None:
                result.pairs.append(Pair(fact, found, level))
                open_facts.remove(fact)
                open_seen.remove(found)
    result.missed = [fact for fact in open_facts if not fact.optional]
    known = [*turn.facts, *told]
    for statement in open_seen:
        if statement.implied or statement.ended:
            continue
        again = any(matcher.compare(fact, statement) <= Match.LENIENT for fact in known)
        (result.repeated if again else result.junk).append(statement)
    return result


def _count(total: Score, matcher: Matcher, result: TurnResult) -> None:
    asked = [fact for fact in result.turn.facts if not fact.optional]
    judged = [pair for pair in result.pairs if not (pair.seen.ended or pair.seen.implied)]
    total.stored += len(judged) + len(result.junk) + len(result.repeated)
    total.repeated += len(result.repeated)
    total.junk += len(result.junk)
    for precision, recall, level in (
        (total.strict_precision, total.strict_recall, Match.STRICT),
        (total.lenient_precision, total.lenient_recall, Match.LENIENT),
    ):
        precision.right += sum(pair.match <= level for pair in judged)
        precision.of += len(judged) + len(result.junk)
        recall.right += sum(pair.match <= level for pair in result.pairs if not pair.fact.optional)
        recall.of += len(asked)
    denied = [fact for fact in asked if fact.negated]
    total.denials.of += len(denied)
    total.denials.right += sum(pair.fact in denied and pair.match <= Match.LENIENT for pair in result.pairs)
    if not result.turn.facts:
        total.silence.note(not result.junk)
    referred = frozenset(who for _, names in result.turn.mentions for name in names for who in matcher.bearers(name))
    total.resolved.of += sum(
        any(matcher.bearers(name) & referred for name in end) for fact in asked for end in (fact.subjects, fact.objects)
    )
    total.dated.of += sum(bool(fact.starts or fact.ends or fact.planned) for fact in asked)
    for pair in result.pairs:
        _count_pair(total, matcher, pair, result.turn)


def _count_pair(total: Score, matcher: Matcher, pair: Pair, turn: Turn) -> None:
    fact, seen = pair.fact, pair.seen
    for end, right in zip((fact.subjects, fact.objects), matcher.ends_right(fact, seen), strict=True):
        words = [
            words.casefold()
            for words, names in turn.mentions
            if any(matcher.bearers(name) & matcher.bearers(alternative) for name in names for alternative in end)
        ]
        if words:
            (total.speaker if _SPEAKER & set(words) else total.others).note(right)
            total.resolved.right += right and not fact.optional
    if pair.match <= Match.OPPOSITE:
        total.polarity.note(pair.match is not Match.OPPOSITE)
    if pair.match <= Match.ENDS and not fact.negated:
        kinds = {"plan"} if fact.plan else {"hearsay"} if fact.hearsay else {"assertion"}
        if fact.plan and fact.hearsay:
            kinds.add("hearsay")
        kept = "plan" if is_plan(seen, turn.at) else "hearsay" if is_hearsay(seen) else "assertion"
        total.modality.note(kept in kinds)
    if pair.match <= Match.LENIENT:
        on_time = time_is_right(fact, seen)
        if on_time is not None:
            total.time.note(on_time)
            total.dated.right += on_time and not fact.optional
        if not seen.ended:
            total.category.note(seen.category == _category(fact, seen))


def _category(fact: GoldFact, seen: Seen) -> str:
    """The category that a fact should have: as annotated, as the ontology says, else that of an event."""
    ontology = core_ontology()
    if fact.category is not None:
        return fact.category
    known = seen.predicate in ontology or seen.predicate.startswith("FAVOURITE_")
    return ontology[seen.predicate].category.value if known else "episodic"


def _count_end(total: Score, matcher: Matcher, conversation: Conversation, observation: Observation) -> list[str]:
    end, held = conversation.end, [seen for seen in observation.end if not seen.negated]
    wrong: list[str] = []
    for fact, by in end.closed:
        stored = [seen for seen in held if matcher.compare(fact, seen) is Match.STRICT]
        if not stored:
            continue
        open_ = [seen for seen in stored if seen.current]
        total.left_open.note(bool(open_))
        wrong += [f"not closed (turn {by}): {seen}" for seen in open_]
        if not open_:
            total.closed_by.note(any(seen.ended_by == by for seen in stored))
    settled = [*(fact for fact, _ in end.closed), *end.unjudged]
    for fact in _lasting(matcher, conversation, settled):
        stored = [seen for seen in held if matcher.compare(fact, seen) is Match.STRICT]
        if stored:
            over = not any(seen.current for seen in stored)
            total.over_closed.note(over)
            if over:
                wrong.append(f"closed by turn {stored[0].ended_by}, should stand: {fact}")
    for one, other in end.exclusive:
        both = all(
            any(seen.current and matcher.compare(fact, seen) is Match.STRICT for seen in held) for fact in (one, other)
        )
        total.standing.note(both)
        if both:
            wrong.append(f"both stand: {one} / {other}")
    clashes = _clashes(held)
    total.clashes += len(clashes)
    wrong += [f"more than one stands: {clash}" for clash in clashes]
    mixed = [thing for thing in observation.things if len(matcher.surely(thing)) > 1]
    total.mixed_up += len(mixed)
    wrong += [f"one entity for several: {thing.name} ({', '.join(sorted(matcher.surely(thing)))})" for thing in mixed]
    # A name is a record too, the object of ALSO_KNOWN_AS; it is not the person.
    real = [thing for thing in observation.things if thing.type != "name"]
    bearers = [next(iter(who)) for thing in real if len(who := matcher.surely(thing)) == 1]
    doubled = sorted({name for name in bearers if bearers.count(name) > 1})
    total.doubled += len(doubled)
    return wrong + [f"several entities for one: {name}" for name in doubled]


def _lasting(matcher: Matcher, conversation: Conversation, settled: list[GoldFact]) -> list[GoldFact]:
    """The annotated facts that stand at the end, each once."""
    found: list[GoldFact] = []
    for fact in (fact for turn in conversation.turns for fact in turn.facts):
        passing = fact.negated or fact.ends is not None
        if not passing and not any(matcher.same(fact, other) for other in [*settled, *found]):
            found.append(fact)
    return found


def _clashes(held: Iterable[Seen]) -> list[str]:
    """Predicates of which a subject may have one object at a time, and has several."""
    objects: dict[tuple[str, str], set[str]] = {}
    named: dict[tuple[str, str], str] = {}
    for seen in held:
        if seen.current and core_ontology()[seen.predicate].cardinality == "one":
            key = (seen.subject.id or seen.subject.name, seen.predicate)
            objects.setdefault(key, set()).add(seen.object.name)
            named[key] = seen.subject.name
    return [
        f"{named[key]} | {key[1]} | {', '.join(sorted(several))}"
        for key, several in objects.items()
        if len(several) > 1
    ]
