"""The scorer of the gold set, on tiny cases made by hand; and that the set itself keeps to its notation."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from benchmarks.gold.annotations import CONVERSATIONS, GoldFact, Period, parse_conversation, read_conversation
from benchmarks.gold.errors import classify
from benchmarks.gold.matching import Match, Matcher
from benchmarks.gold.observing import Observation, Seen, Thing, observe
from benchmarks.gold.report import as_json, errors, table
from benchmarks.gold.scoring import Ratio, Score, f1, score

from factloom.schemas.ontology import core_ontology
from factloom.schemas.settings import load_settings

FILES = sorted(CONVERSATIONS.glob("*.toml"))
NOON = datetime(2025, 6, 18, 12, tzinfo=UTC)


def conversation(*turns, end=None, names=None, check=False):
    """Turns are (says, facts) or (says, facts, mentions); Ana speaks."""
    rows = [
        {"at": NOON + timedelta(minutes=n), "session": "s", "who": "Ana", "says": turn[0], "facts": turn[1]}
        | ({"mentions": turn[2]} if len(turn) > 2 else {})
        for n, turn in enumerate(turns)
    ]
    return parse_conversation("tiny", {"turn": rows, "end": end or {}, "names": names or {}, "check": check})


def thing(name, *aliases, **more):
    return Thing(name, aliases, **more)


def seen(line, **more):
    subject, predicate, object_ = line.split(" | ")
    return Seen(thing(subject), predicate, thing(object_), **more)


def implied(fact):
    return [name for predicate in fact.predicates for name in core_ontology()[predicate].implies]


def scored(gold, by_turn, end=(), things=()):
    return score(gold, Observation(by_turn, tuple(end), tuple(things))).score


class TestNotation:
    def test_reads_alternatives_and_attributes(self):
        fact = GoldFact.read("Ana | PLANS_TO/PLANS | visit Rome/Rome trip | plan; hearsay; for 2025-07; may", 3)
        assert (fact.subjects, fact.predicates) == (("Ana",), ("PLANS_TO", "PLANS"))
        assert fact.objects == ("visit Rome", "Rome trip")
        assert (fact.turn, fact.plan, fact.hearsay, fact.optional, fact.negated) == (3, True, True, True, False)
        assert fact.planned == Period(date(2025, 7, 1), date(2025, 7, 31))

    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2025", date(2025, 1, 1), date(2025, 12, 31)),
            ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
            ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
            ("2025-06-18", date(2025, 6, 18), date(2025, 6, 18)),
            ("2025-06..2025-09", date(2025, 6, 1), date(2025, 9, 30)),
        ],
    )
    def test_reads_periods(self, text, first, last):
        assert Period.of(text) == Period(first, last)
        assert first in Period.of(text)
        assert last + timedelta(days=1) not in Period.of(text)

    @pytest.mark.parametrize(
        "line",
        ["Ana | LIVES_IN", "Ana | lives in | Rome", "Ana | LIVES_IN | Rome | soon", "Ana |  | Rome", "a|B|c|d|e"],
    )
    def test_refuses_what_it_does_not_know(self, line):
        with pytest.raises(ValueError, match=r"SUBJECT|predicate|attribute"):
            GoldFact.read(line)

    def test_a_bad_file_is_named_with_its_turn(self, tmp_path):
        path = tmp_path / "bad.toml"
        path.write_text('[[turn]]\nat = 2025-01-01T00:00:00Z\nwho = "A"\nsays = "x"\nfacts = ["A | B"]\n')
        with pytest.raises(ValueError, match=r"bad.toml: turn 1: a fact is SUBJECT"):
            read_conversation(path)

    def test_a_closing_names_its_turn(self):
        with pytest.raises(ValueError, match="by TURN"):
            conversation(("x", []), end={"closed": ["Ana | LIVES_IN | Rome"]})


class TestMatching:
    @pytest.mark.parametrize(
        ("gold", "stored", "match"),
        [
            ("Ana | LIVES_IN | Lisbon", "Ana | LIVES_IN | Lisbon", Match.STRICT),
            ("Ana | LIVES_IN | Lisbon", "ana | LIVES_IN | the Lisbon", Match.STRICT),
            ("Ana | MOVED_TO | Lisbon", "Ana | LIVES_IN | Lisbon", Match.LENIENT),
            ("Ana | LIVES_IN | Lisbon", "Ana | MOVED_TO | Lisbon", Match.LENIENT),
            ("Ana | MARRIED_TO | Tom", "Tom | MARRIED_TO | Ana", Match.STRICT),
            ("Ana | HAS_BOSS | Tom", "Tom | BOSS_OF | Ana", Match.STRICT),
            ("Ana | HAS_BOSS | Tom", "Tom | HAS_BOSS | Ana", Match.NONE),
            ("Ana | LIKES | trains", "Ana | PREFERS | train", Match.ENDS),
            ("Ana | LIKES | trains", "Ana | LIKES | planes", Match.HALF),
            ("Ana | LIKES | trains", "Bea | DISLIKES | planes", Match.NONE),
            ("Ana | CANCELLED | trip to the Azores", "Ana | CANCELLED | trip", Match.STRICT),
            ("Ana | FIND/FOUND | flat", "Ana | FOUND | flat", Match.STRICT),
        ],
    )
    def test_how_alike(self, gold, stored, match):
        matcher = Matcher(conversation(("x", [gold]), names={"Tom": ["Thomas"]}))
        assert matcher.compare(GoldFact.read(gold), seen(stored)) is match

    def test_a_denial_is_the_opposite_of_what_it_denies(self):
        matcher = Matcher(conversation(("x", [])))
        assert matcher.compare(GoldFact.read("Ana | EATS | meat | not"), seen("Ana | EATS | meat")) is Match.OPPOSITE

    def test_names_decide_before_aliases_and_words(self):
        names = {"Tom Becker": ["Tom", "Nadia's boyfriend"], "Tom Whitlock": ["Tom"], "Samira": ["Nadia's sister"]}
        matcher = Matcher(conversation(("x", []), names=names))
        assert matcher.is_end(["Samira"], thing("Nadia's sister"))
        assert matcher.is_end(["Tom Becker"], thing("Tom"))
        assert matcher.is_end(["Tom Whitlock"], thing("Tom"))
        assert not matcher.is_end(["Tom Becker"], thing("Tom Whitlock"))
        # The name says who it is, whatever else the record goes by.
        assert not matcher.is_end(["Tom Becker"], thing("Tom Whitlock", "Nadia's boyfriend"))
        assert matcher.is_end(["Tom Becker"], thing("he", "Nadia's boyfriend"))

    def test_names_are_taken_whole_and_things_by_their_words(self):
        matcher = Matcher(conversation(("x", [], ["it = coffee", "there = New York"])))
        assert matcher.is_end(["coffee"], thing("drinking coffee"))
        assert not matcher.is_end(["New York"], thing("York"))


class TestCounting:
    def test_precision_recall_and_junk(self):
        gold = conversation(
            ("one", ["Ana | LIVES_IN | Lisbon", "Ana | HAS_JOB | cook", "Ana | LIKES | tea | may"]), ("two", [])
        )
        got = scored(
            gold,
            {
                1: (seen("Ana | LIVES_IN | Lisbon"), seen("Ana | HAS_JOB | nurse"), seen("Ana | LIKES | tea")),
                2: (seen("Ana | SEE | thing"),),
            },
        )
        assert got.strict_precision == Ratio(2, 4)
        assert got.strict_recall == Ratio(1, 2)
        assert (got.stored, got.junk) == (4, 1)
        assert got.silence == Ratio(0, 1)

    def test_what_follows_helps_and_never_hurts(self):
        gold = conversation(("one", ["Ana | LIVES_IN | Porto"]))
        got = scored(gold, {1: (seen("Ana | MOVED_TO | Porto"), seen("Ana | LIVES_IN | Porto", implied=True))})
        assert got.strict_recall == Ratio(1, 1)
        assert got.junk == 0
        got = scored(gold, {1: (seen("Ana | MOVED_TO | Porto"), seen("Ana | LIVES_IN | Rome", implied=True))})
        assert got.strict_recall == Ratio(0, 1)
        assert got.lenient_recall == got.lenient_precision == Ratio(1, 1)

    def test_saying_it_again_is_not_junk(self):
        gold = conversation(("one", ["Ana | HAS_JOB | cook"]), ("two", []))
        got = scored(gold, {1: (seen("Ana | HAS_JOB | cook"),) * 2, 2: (seen("Ana | HAS_JOB | cook"),)})
        assert (got.repeated, got.junk) == (2, 0)
        assert got.strict_precision == Ratio(1, 1)
        assert got.silence == Ratio(1, 1)

    def test_denials(self):
        gold = conversation(("one", ["Ana | EATS | meat | not"]))
        assert scored(gold, {1: (seen("Ana | EATS | meat", negated=True, ended=True),)}).denials == Ratio(1, 1)
        wrong = scored(gold, {1: (seen("Ana | EATS | meat"),)})
        assert (wrong.denials, wrong.polarity, wrong.strict_precision) == (Ratio(0, 1), Ratio(0, 1), Ratio(0, 1))

    def test_coreference_counts_the_ends_that_something_stands_for(self):
        turn = ("one", ["Bea | LIVES_IN | Rome", "Ana | LIKES | tea"], ["she = Bea", "I = Ana"])
        gold = conversation(turn)
        right = scored(gold, {1: (seen("Bea | LIVES_IN | Rome"), seen("Ana | LIKES | tea"))})
        assert (right.others, right.speaker, right.resolved) == (Ratio(1, 1), Ratio(1, 1), Ratio(2, 2))
        wrong = scored(gold, {1: (seen("Carla | LIVES_IN | Rome"),)})
        assert (wrong.others, wrong.speaker) == (Ratio(0, 1), Ratio(0, 0))
        assert (wrong.coreference, wrong.resolved, wrong.junk) == (Ratio(0, 1), Ratio(0, 2), 0)

    @pytest.mark.parametrize(
        ("line", "stored", "right"),
        [
            ("Ana | MOVED_TO | Rome | from 2025-05", {"starts": datetime(2025, 5, 31, tzinfo=UTC)}, Ratio(1, 1)),
            ("Ana | MOVED_TO | Rome | from 2025-05", {"starts": NOON}, Ratio(0, 1)),
            ("Ana | MOVED_TO | Rome | from 2025-05", {}, Ratio(0, 1)),
            ("Ana | MOVED_TO | Rome", {"starts": NOON}, Ratio(0, 0)),
            ("Ana | MOVED_TO | Rome | to 2024", {"ends": datetime(2024, 2, 1, tzinfo=UTC)}, Ratio(1, 1)),
            (
                "Ana | MOVED_TO | Rome | for 2025-07",
                {"starts": NOON, "metadata": {"planned_for": "2025-07-02"}},
                Ratio(1, 1),
            ),
        ],
    )
    def test_time(self, line, stored, right):
        assert scored(conversation(("one", [line])), {1: (seen("Ana | MOVED_TO | Rome", **stored),)}).time == right

    @pytest.mark.parametrize(
        ("attribute", "predicate", "stored", "right"),
        [
            ("plan", "PLANS_TO", {}, 1),
            ("plan", "PLAYS", {}, 0),
            ("plan", "PLAYS", {"starts": NOON + timedelta(days=2)}, 1),
            ("hearsay", "PLAYS", {"confidence": 0.54}, 1),
            ("hearsay", "PLAYS", {"confidence": 0.9}, 0),
            ("hearsay", "PLAYS", {"metadata": {"source": "Tom"}}, 1),
            ("semantic", "PLAYS", {"confidence": 0.54}, 0),
            ("semantic", "PLANS_TO", {}, 0),
        ],
    )
    def test_modality(self, attribute, predicate, stored, right):
        gold = conversation(("one", [f"Ana | {predicate} | chess | {attribute}"]))
        assert scored(gold, {1: (seen(f"Ana | {predicate} | chess", **stored),)}).modality == Ratio(right, 1)

    def test_category(self):
        gold = conversation(("one", ["Ana | LIKES | tea", "Ana | TAKE | aspirin", "Ana | BAKE | bread | procedural"]))
        stored = [seen("Ana | LIKES | tea", category="preference"), seen("Ana | TAKE | aspirin", category="semantic")]
        got = scored(gold, {1: (*stored, seen("Ana | BAKE | bread", category="procedural"))})
        assert got.category == Ratio(2, 3)

    def test_scores_add_up(self):
        one = Score(turns=2, junk=1, strict_precision=Ratio(1, 2))
        assert one + one == Score(turns=4, junk=2, strict_precision=Ratio(2, 4))
        assert f1(Ratio(1, 2), Ratio(1, 2)) == 0.5
        assert f1(Ratio(0, 2), Ratio(0, 2)) == 0
        assert f1(Ratio(), Ratio(1, 1)) is None


class TestEndState:
    gold = conversation(
        ("I live in Lisbon and like tea", ["Ana | LIVES_IN | Lisbon", "Ana | LIKES | tea"]),
        ("I moved to Porto", ["Ana | MOVED_TO | Porto"]),
        end={
            "closed": ["Ana | LIVES_IN | Lisbon | by 2"],
            "exclusive": [["Ana | LIVES_IN | Lisbon", "Ana | LIVES_IN | Porto"]],
        },
    )

    def test_as_it_should_be(self):
        end = [
            seen("Ana | LIVES_IN | Lisbon", current=False, ended_by=2),
            seen("Ana | LIVES_IN | Porto"),
            seen("Ana | MOVED_TO | Porto"),
            seen("Ana | LIKES | tea"),
        ]
        got = scored(self.gold, {}, end)
        assert (got.left_open, got.closed_by) == (Ratio(0, 1), Ratio(1, 1))
        assert (got.over_closed, got.standing, got.clashes) == (Ratio(0, 2), Ratio(0, 1), 0)

    def test_what_should_have_closed_stands(self):
        result = score(self.gold, Observation({}, (seen("Ana | LIVES_IN | Lisbon"), seen("Ana | LIVES_IN | Porto"))))
        got = result.score
        assert (got.left_open, got.standing, got.clashes) == (Ratio(1, 1), Ratio(1, 1), 1)
        assert any("Lisbon, Porto" in line for line in result.reconciliation)

    def test_what_should_stand_is_closed(self):
        got = scored(self.gold, {}, [seen("Ana | LIKES | tea", current=False, ended_by=2)])
        assert got.over_closed == Ratio(1, 1)
        # Closed and said again: it stands.
        got = scored(self.gold, {}, [seen("Ana | LIKES | tea", current=False), seen("Ana | LIKES | tea")])
        assert got.over_closed == Ratio(0, 1)

    def test_what_was_never_stored_is_not_judged(self):
        got = scored(self.gold, {})
        assert (got.left_open, got.over_closed, got.standing) == (Ratio(), Ratio(), Ratio(0, 1))

    def test_entities_taken_for_each_other(self):
        gold = conversation(("x", []), names={"Tom Becker": ["Tom"], "Tom Whitlock": ["Tom"], "Bea": ["Ana's sister"]})
        got = scored(gold, {}, things=[thing("Tom", "Tom Becker", "Tom Whitlock")])
        assert (got.mixed_up, got.doubled) == (1, 0)
        got = scored(gold, {}, things=[thing("Bea"), thing("Ana's sister"), thing("Tom")])
        assert (got.mixed_up, got.doubled) == (0, 1)
        assert scored(gold, {}, things=[thing("Bea"), thing("Ana's sister", type="name")]).doubled == 0


class TestErrors:
    def test_classes(self):
        gold = conversation(
            ("Bea is a vet. She hates tea.", ["Bea | DISLIKES | tea", "Bea | HAS_JOB | vet"], ["she = Bea"]),
            ("I plan to visit Rome", ["Ana | PLANS_TO | visit Rome | plan"], ["I = Ana"]),
            ("lol", []),
        )
        result = score(gold, Observation({1: (seen("Bea | HAS_JOB | cook"),), 3: (seen("Ana | LAUGH_AT | it"),)}))
        assert sorted(name for name, _ in classify(result)) == [
            "junk: an open predicate in a turn with nothing to keep",
            "missed: a plan",
            "missed: the subject is a pronoun",
            "wrong: one end",
        ]

    def test_conversations_for_checking_keep_their_errors(self):
        secret = score(conversation(("lol", []), check=True), Observation({1: (seen("Ana | EAT | hat"),)}))
        open_ = score(conversation(("lol", [])), Observation({1: (seen("Ana | EAT | shoe"),)}))
        printed = errors([secret, open_], examples=9)
        assert printed.splitlines()[0].split() == [
            "2",
            *["junk:", "an", "open", "predicate", "in", "a", "turn", "with", "nothing", "to", "keep"],
        ]
        assert "shoe" in printed
        assert "hat" not in printed
        assert "hat" not in json.dumps(as_json([secret, open_]))

    def test_the_table_shows_what_the_json_holds(self):
        result = score(conversation(("one", ["Ana | LIKES | tea"])), Observation({1: (seen("Ana | LIKES | tea"),)}))
        assert as_json([result])["all"]["facts recall, strict"] == 1.0
        line = next(line for line in table([result]).splitlines() if line.startswith("facts recall, strict"))
        assert line.split()[3:6] == ["1.00", ">=", ".65"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestTheSet:
    def test_keeps_to_its_notation(self, path):
        gold = read_conversation(path)
        numbers = range(1, len(gold.turns) + 1)
        assert all(by in numbers for _, by in gold.end.closed)
        assert [turn.at for turn in gold.turns] == sorted(turn.at for turn in gold.turns)
        assert all(turn.at.utcoffset() == timedelta() for turn in gold.turns)

    def test_the_numbers_beside_its_turns_are_theirs(self, path):
        """What closes a fact is named by them."""
        written = re.findall(r"^\[\[turn\]\]  # (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert [int(number) for number in written] == [turn.number for turn in read_conversation(path).turns]

    def test_expressions_stand_in_their_turns(self, path):
        for turn in read_conversation(path).turns:
            said = turn.says.casefold()
            expressions = [words for words, _ in (*turn.mentions, *turn.times)]
            assert [words for words in expressions if words.casefold() not in said] == [], turn.says

    def test_what_it_closes_was_stated_before(self, path):
        gold = read_conversation(path)
        matcher = Matcher(gold)
        for closed, by in gold.end.closed:
            earlier = [fact for turn in gold.turns[: by - 1] for fact in turn.facts]
            implying = [replace(f, predicates=(*f.predicates, *implied(f))) for f in earlier]
            assert any(matcher.same(closed, fact) for fact in implying), str(closed)


def test_the_set_is_large_enough_and_quotes_the_demo():
    read = [read_conversation(path) for path in FILES]
    assert sum(len(gold.turns) for gold in read) >= 300
    assert len(read) >= 6
    assert any(gold.check for gold in read)
    demo = next(gold for gold in read if gold.name == "demo")
    source = Path(__file__).parents[2] / "engine" / "demo" / "conversation.jsonl"
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    for turn, row in zip(demo.turns, rows, strict=False):
        assert (turn.who, turn.says, turn.session) == (row["name"], row["content"], row["session"])


def test_a_conversation_runs_through_memory():
    gold = conversation(
        ("I live in Lisbon.", ["Ana | LIVES_IN | Lisbon"], ["I = Ana"]),
        ("lol ok", []),
        ("I moved to Porto.", ["Ana | MOVED_TO | Porto"], ["I = Ana"]),
        end={"closed": ["Ana | LIVES_IN | Lisbon | by 3"]},
    )
    got = score(gold, observe(gold, load_settings(embedder={"kind": "hashing", "dimension": 64}))).score
    assert got.strict_recall == got.strict_precision == Ratio(2, 2)
    assert (got.left_open, got.closed_by, got.pending) == (Ratio(0, 1), Ratio(1, 1), 0)
