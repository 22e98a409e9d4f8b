"""Reconciliation: what a new statement does to the facts that are already held.

The rules, in order, for one resolved statement inside one space:

1. the same triple at the same time supports the fact that says it, and may tell its end; another stay is another fact;
2. a negation, or the opposite predicate, closes the facts that it negates, and a plan that is called off loosely
   ("the trip was cancelled") is closed if only one can be meant; a denial ("I never moved to Porto") takes back what
   was never so, what that implied and what that had ended;
3. a predicate that holds one object at a time closes the older fact at the newer's ``valid_at``, and a statement
   that arrives late is itself closed where the next newer fact begins, or where the older one is said again;
4. a correction expires the fact that was wrong, and what that implied, instead of closing it;
5. predicates may end and imply others, and a death ends what lasts until then (``schemas/predicates.toml``);
6. what different people tell of the same thing is kept side by side (``disputes.py``);
7. a message that its speaker takes back as a whole ("just kidding") is as if it had not been said (``retraction.py``).

Nothing is deleted by learning, and every step is recorded with its reason. What is recorded about one fact never quotes
another, so that deleting the other leaves no trace of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factloom.graph.disputes import are_disputed
from factloom.graph.factbook import plain, telling
from factloom.graph.lifetimes import deaths_of_ends, ended_by_death, is_death
from factloom.graph.plans import alike, loosely_meant
from factloom.graph.possessions import OWNED, thing_meant
from factloom.graph.retraction import Retractions
from factloom.graph.statements import (
    SAME_EVENT,
    Statement,
    began,
    begun_by,
    holds_after,
    outdates,
    overlap,
    replaced,
    tellings,
)
from factloom.schemas.extraction import BESIDES, CORRECTS, UNDATED, UNNAMED
from factloom.schemas.naming import normalise_name
from factloom.schemas.records import Action, Category, Entity, Fact
from factloom.schemas.results import FactChange

__all__ = ["Reconciler", "Statement"]

_RULE = "RULES_OUT"


_TOLD_LATE = "told late: it ended where what was told of later times begins"


class Reconciler(Retractions):
    """Applies statements to the facts of one space inside one transaction."""

    def apply(self, statement: Statement) -> list[FactChange]:
        """Reconcile one statement and what it implies; returns what changed, the statement itself first."""
        statement = self._canonical(statement)
        if statement.negated:
            return self._negate(statement)
        changes = self._affirm(statement)
        for implied in self._ontology[statement.predicate].implies:
            changes += self.apply(self._implied(statement, implied))
        return changes

    def settle(self, subject: Entity, predicate: str) -> bool:
        """Let facts that a merge of entities brought together end each other as if they had been said in order.

        A newer one ends an older one, except where it is only told as over, as in ``apply``. Returns whether only one
        of them can hold at a time.
        """
        if self._ontology[predicate].cardinality != "one":
            return False
        held = [fact for fact in self._held(subject.id, [predicate]) if not fact.metadata.get(BESIDES)]
        for position, fact in enumerate(held):
            old = self.written.get(fact.id, fact)
            later = (
                new
                for new in held[position + 1 :]
                if new.object_id != old.object_id
                and (new.superseded_by or holds_after(new, self._now))
                and not are_disputed(self._tx, new, old)
            )
            new = next(later, None)
            if new is not None and holds_after(old, began(new)):
                newer = Statement(
                    subject=subject,
                    predicate=predicate,
                    object=None,
                    text=new.text,
                    category=new.category,
                    valid_at=began(new),
                    episode_id=new.episode_ids[0] if new.episode_ids else None,
                )
                self._end(old, new, newer)
        return True

    # --- shaping -------------------------------------------------------------------------------------------------

    def _canonical(self, statement: Statement) -> Statement:
        """The statement in the direction in which its relation is stored."""
        spec = self._ontology[statement.predicate]
        if spec.canonical or spec.inverse is None or statement.object is None:
            return statement
        names = {"subject_names": statement.object_names, "object_names": statement.subject_names}
        ends = {"subject": statement.object, "object": statement.subject}
        return replaced(statement, predicate=spec.inverse, **ends, **names)

    def _implied(self, statement: Statement, predicate: str) -> Statement:
        spec = self._ontology[predicate]
        assert statement.object is not None
        text = spec.sentence(statement.subject.name, statement.object.name)
        metadata = {**statement.metadata, "implied_by": statement.predicate}
        metadata.pop(BESIDES, None)  # who also moved has one home nevertheless
        changed = statement.changed or statement.category is Category.EPISODIC
        told = {"text": text, "category": spec.category, "metadata": metadata, "changed": changed}
        return replaced(statement, predicate=predicate, **told)

    # --- affirming -----------------------------------------------------------------------------------------------

    def _affirm(self, statement: Statement) -> list[FactChange]:
        assert statement.object is not None
        same = self._either_way(statement, [statement.predicate], statement.object.id)
        misdated = self._misdated(same, statement)
        if misdated is not None:
            return [self._redate(misdated, statement)]
        rivals = self._rivals(statement)
        known = next((fact for fact in same if self._says_the_same(fact, statement, rivals)), None)
        if known is not None:
            return [self._support(known, statement), *self._give_way(known, rivals, statement)]
        new = self._new_fact(statement)
        if self._ontology[statement.predicate].fixed:  # it was not so before either
            statement = replaced(statement, correction=True)
        disputed = [fact for fact in rivals if self._side_by_side(fact, statement)]
        new, ended = self._place_among(new, [fact for fact in rivals if fact not in disputed], statement)
        new = self._ended_already(new, statement)
        self._write(new)
        late = new.invalid_at is not None and new.superseded_by is not None and statement.invalid_at is None
        self._record(new.id, Action.ADDED, _TOLD_LATE if late else "", statement, after=telling(new, statement))
        for fact in ended:
            new = self._end(fact, new, statement, correction=statement.correction)
        contrary = [fact for fact in self._contrary(statement) if fact.id != new.id]
        disputed += [fact for fact in contrary if self._side_by_side(fact, statement)]
        for fact in disputed:
            self._disputes.record(new, fact)
        changes = [
            *self._told(Action.SUPERSEDED, new, [self.written[fact.id] for fact in ended], statement, "it was: "),
            *self._told(Action.DISPUTED, new, disputed, statement, "somebody else says: "),
        ] or [self._fact_change(Action.ADDED, new, None, statement)]
        return changes + self._end_contrary(new, contrary, statement)

    def _misdated(self, same: Sequence[Fact], statement: Statement) -> Fact | None:
        """The fact of the same triple that a correction gives another time, the one that was told last; else None."""
        dated = statement.dated or "planned_for" in statement.metadata
        if not (statement.correction and dated) or any(began(fact) == statement.began for fact in same):
            return None
        event = statement.category is Category.EPISODIC
        meant = [fact for fact in same if event or overlap(fact, statement)]
        return max(meant, key=lambda fact: (fact.created_at, fact.id), default=None)

    def _redate(self, wrong: Fact, statement: Statement) -> FactChange:
        """Put the fact with its right time in the place of the one with the wrong time."""
        new = self._new_fact(statement)
        if new.invalid_at is None and new.category is not Category.EPISODIC:
            new = new.model_copy(update={"invalid_at": wrong.invalid_at, "superseded_by": wrong.superseded_by})
        if new.invalid_at is not None and began(new) > new.invalid_at:
            new = new.model_copy(update={"valid_at": None})
        self._write(new)
        self._record(new.id, Action.ADDED, "", statement, after=telling(new, statement))
        self._end(wrong, new, statement, correction=True)
        return self._fact_change(Action.SUPERSEDED, new, self.written[wrong.id], statement, f"it was: {wrong.text}")

    def _told(
        self, action: Action, new: Fact, others: Sequence[Fact], statement: Statement, words: str
    ) -> list[FactChange]:
        return [self._fact_change(action, new, fact, statement, f"{words}{fact.text}") for fact in others]

    def _side_by_side(self, fact: Fact, statement: Statement) -> bool:
        """Whether a fact that excludes the statement is told by somebody else, so that both are kept."""
        return overlap(fact, statement) and self._disputes.disagree(fact, statement)

    def _give_way(self, known: Fact, rivals: Sequence[Fact], statement: Statement) -> list[FactChange]:
        """End what stood beside a fact that is said again, where nobody holds to it any more, or who says it knows."""
        changes = []
        for fact in rivals:
            beside = began(fact) <= statement.began and holds_after(fact, statement.began)
            if beside and are_disputed(self._tx, fact, known) and not self._disputes.disagree(fact, statement):
                over = {"superseded_by": known.id, "invalid_at": max(began(fact), statement.began)}
                reason = "nobody says so any more, or who it is about says otherwise"
                self._close(fact, over, reason, statement, at=statement.began)
                changes.append(self._fact_change(Action.CLOSED, self.written[fact.id], fact, statement, reason))
        return changes

    def _ended_already(self, new: Fact, statement: Statement) -> Fact:
        """The new fact with the end that a later statement told before it arrived ("she no longer works there")."""
        if new.invalid_at is not None or new.category is Category.EPISODIC or statement.object is None:
            return new
        enders = [name for name in self._ontology.names() if statement.predicate in self._ontology[name].ends]
        enders.append(self._ontology.opposite(statement.predicate))
        found = self._either_way(statement, enders, statement.object.id)
        later = [f for f in found if began(f) > statement.began and not self._disputes.disagree(f, statement)]
        later += deaths_of_ends(self._tx, self._spaces, self._ontology, statement, self._disputes)
        if not later:
            return new
        first = min(later, key=began)
        return new.model_copy(update={"invalid_at": began(first), "superseded_by": first.id})

    def _rivals(self, statement: Statement) -> list[Fact]:
        """Facts beside which the statement cannot hold, oldest first.

        One object at a time; or, for what happened and is now corrected, the event that was meant.
        """
        assert statement.object is not None
        spec = self._ontology[statement.predicate]
        corrected = statement.metadata.get(CORRECTS) if statement.correction else None
        if spec.cardinality != "one" and not (statement.correction and statement.category is Category.EPISODIC):
            # "Sorry, I meant Tim": of several that can be, the one that the corrected words told.
            found = self._either_way(statement, [statement.predicate], None) if corrected else []
            told = [fact for fact in found if fact.episode_ids == (corrected,)]
            return [fact for fact in told if fact.object_id != statement.object.id]
        if statement.metadata.get(BESIDES) and not statement.correction:
            return []
        found = self._either_way(statement, [statement.predicate], None)
        if spec.symmetric:
            turned = replaced(statement, subject=statement.object, object=statement.subject)
            found += self._either_way(turned, [statement.predicate], None)
        ends = {statement.subject.id, statement.object.id}
        alone = [fact for fact in found if not fact.metadata.get(BESIDES)]
        rivals = {fact.id: fact for fact in alone if {fact.subject_id, fact.object_id} != ends}.values()
        return sorted(rivals, key=lambda fact: (began(fact), fact.created_at, fact.id))

    def _says_the_same(self, fact: Fact, statement: Statement, rivals: Sequence[Fact]) -> bool:
        """Whether the statement is about the time of the fact: they overlap, and no rival was there in between.

        An event with a predicate of its own making ("bought … in") says the same only in the same words, since they
        hold what the triple leaves out.
        """
        if fact.category is Category.EPISODIC:
            known = statement.predicate in self._ontology
            same_words = normalise_name(fact.text) == normalise_name(statement.text)
            return abs(began(fact) - statement.began) <= SAME_EVENT and (known or same_words)
        if not overlap(fact, statement):
            return False
        return not any(
            statement.began <= time < began(fact) and holds_after(rival, statement.began)
            for rival in rivals
            for time in (began(rival), *tellings(self._tx, rival).values())
        )

    def _place_among(self, new: Fact, rivals: Sequence[Fact], statement: Statement) -> tuple[Fact, list[Fact]]:
        """Where among a functional predicate's facts the new one belongs, and which of them it ends.

        One that arrives late ends where the next one begins. One that is told as over leaves the others alone.
        """
        if statement.correction:
            wrong = [fact for fact in rivals if began(fact) <= statement.began and self._is_corrected(fact, statement)][
                -1:
            ]
            for fact in wrong:
                new = new.model_copy(update={"valid_at": fact.valid_at or new.valid_at})
                if new.invalid_at is None and fact.category is not Category.EPISODIC:
                    ended = {"invalid_at": fact.invalid_at, "superseded_by": fact.superseded_by}
                    new = new.model_copy(update=ended)
            if wrong or statement.category is Category.EPISODIC:
                return new, wrong
        if new.invalid_at is not None and new.invalid_at <= self._now:
            return new, []
        time = statement.began
        over = {fact.id for fact in rivals if begun_by(fact, time) or outdates(statement, fact)}
        following = min((fact for fact in rivals if fact.id not in over), key=began, default=None)
        if following is not None and new.invalid_at is None:
            new = new.model_copy(update={"invalid_at": began(following), "superseded_by": following.id})
        return new, [fact for fact in rivals if fact.id in over and holds_after(fact, time)]

    def _is_corrected(self, fact: Fact, statement: Statement) -> bool:
        """Whether a correction can mean the fact: it held then, or it is the event that was just told.

        An event that somebody can be in the state of only once (a move) is corrected however long ago it was.
        """
        if fact.category is not Category.EPISODIC:
            return overlap(fact, statement)
        implies = self._ontology[statement.predicate].implies
        lasting = any(self._ontology[name].cardinality == "one" for name in implies)
        return lasting or statement.began - began(fact) <= SAME_EVENT

    def _support(self, fact: Fact, statement: Statement) -> FactChange:
        """The same fact said again: more support, a surer belief, an earlier beginning or an end where one is told."""
        update = self._told_interval(fact, statement)
        new_episode = statement.episode_id is not None and statement.episode_id not in fact.episode_ids
        if not update and not new_episode:
            return self._fact_change(Action.NOTHING, fact, None, statement, "this episode already states it")
        if new_episode and statement.episode_id is not None:
            episode_ids = (*fact.episode_ids, statement.episode_id)
            certainty = 1.0 - (1.0 - fact.confidence) * (1.0 - statement.confidence)
            update |= {"episode_ids": episode_ids, "support": len(episode_ids), "confidence": min(certainty, 1.0)}
        named = UNNAMED in fact.metadata and UNNAMED not in statement.metadata
        if named:  # "Ana has a sister", until somebody says that she is called Bea
            kept = {key: value for key, value in fact.metadata.items() if key != UNNAMED}
            update |= {"text": statement.text, "metadata": kept}
        stronger = fact.model_copy(update=update)
        reopened = self._reopened(fact, update["invalid_at"], statement) if update.get("invalid_at") else None
        if reopened is not None:
            left = tuple(id_ for id_ in stronger.episode_ids if id_ not in reopened.episode_ids)
            end = {"superseded_by": reopened.id, "episode_ids": left, "support": len(left)}
            stronger = stronger.model_copy(update=end)
        self._write(stronger, reworded=named)
        reason = f"stated again; {stronger.support} episodes now say so"
        if "invalid_at" in update:
            reason += ", and that it is over"
        differs = ["support", *(name for name in ("text", "invalid_at", "expires_at") if name in update)]
        before, after = ({name: plain(getattr(one, name)) for name in differs} for one in (fact, stronger))
        self._record(
            fact.id, Action.SUPPORTED, reason, statement, before=before, after=telling(fact, statement) | after
        )
        return self._fact_change(Action.SUPPORTED, stronger, fact, statement, reason)

    def _told_interval(self, fact: Fact, statement: Statement) -> dict[str, Any]:
        """What a statement of the same fact tells anew about its time and its retention."""
        update: dict[str, Any] = {}
        if fact.expires_at is not None:
            until = statement.expires_at and max(statement.expires_at, fact.expires_at)
            update |= {} if until == fact.expires_at else {"expires_at": until}
        if fact.category is Category.EPISODIC:
            return update
        if statement.valid_at is not None and statement.valid_at < began(fact):
            update["valid_at"] = statement.valid_at
        if statement.invalid_at is not None and holds_after(fact, max(self._now, statement.invalid_at)):
            update["invalid_at"] = statement.invalid_at
        return update

    # --- ending --------------------------------------------------------------------------------------------------

    def _end(self, old: Fact, new: Fact, statement: Statement, *, correction: bool = False) -> Fact:
        """Close ``old`` where ``new`` begins, or, if it was wrong, stop believing it; returns ``new`` as it is then.

        What is said of ``old`` again later than ``statement``, and for later, holds from then on, and ends ``new``.
        """
        update: dict[str, Any] = {"superseded_by": new.id}
        if correction:
            update["expired_at"] = self._now
            reason = "corrected by a later statement"
        else:
            update |= self._interval_until(old, new, statement)
            reason = f"ended by a newer statement ({new.predicate})"
        reopened = self._close(old, update, reason, statement, at=statement.began)
        if correction and old.category is Category.EPISODIC:
            self._end_implied(old, {"expired_at": self._now}, statement)
        rival = new.predicate == old.predicate or new.predicate == self._ontology.opposite(old.predicate)
        if reopened is not None and rival and holds_after(new, began(reopened)):
            new = new.model_copy(update={"invalid_at": began(reopened), "superseded_by": reopened.id})
            self._write(new)
        return new

    def _interval_until(self, old: Fact, new: Fact, statement: Statement) -> dict[str, Any]:
        """How long ``old`` held where ``new`` ended it.

        What is told undated of somebody whose death is told later had its time before that, whenever it was said.
        """
        end = began(new)
        if is_death(statement) and UNDATED in statement.metadata and "time_expression" not in old.metadata:
            return {"valid_at": None, "invalid_at": end}  # "he died years ago": no later than it was told
        if begun_by(old, end):
            return {"invalid_at": end}
        if outdates(statement, old) or (is_death(statement) and "time_expression" not in old.metadata):
            return {"valid_at": None, "invalid_at": end}
        return {"invalid_at": began(old)}

    def _end_contrary(self, new: Fact, contrary: Sequence[Fact], statement: Statement) -> list[FactChange]:
        """Close what the new fact ends by its meaning: the opposite predicate, and those that the ontology lists."""
        changes = []
        for fact in contrary:
            # What was told of somebody before a death was told cannot have begun after it.
            begun = began(fact) <= statement.began or is_death(statement) or outdates(statement, fact)
            if begun and holds_after(fact, statement.began) and not self._disputes.disagree(fact, statement):
                new = self._end(fact, new, statement)
                changes.append(self._fact_change(Action.CLOSED, self.written[fact.id], fact, statement, new.text))
        return changes

    def _contrary(self, statement: Statement) -> list[Fact]:
        """What the statement ends by its meaning: the opposite, what its predicate ends, what a death ends."""
        assert statement.object is not None
        spec = self._ontology[statement.predicate]
        found = self._either_way(statement, [self._ontology.opposite(statement.predicate)], statement.object.id)
        if spec.ends:
            found += self._either_way(statement, spec.ends, statement.object.id)
        if spec.leaves:
            shared = {
                fact.object_id for fact in self._held(statement.object.id, spec.leaves) if holds_after(fact, self._now)
            }
            found += [fact for fact in self._held(statement.subject.id, spec.leaves) if fact.object_id not in shared]
        if is_death(statement):
            found += ended_by_death(self._tx, self._spaces, self._ontology, statement)
        return found

    def _end_implied(self, event: Fact, over: dict[str, Any], statement: Statement) -> list[FactChange]:
        """Close, or stop believing, what is held only because an event implied it that is now denied."""
        changes = []
        # A corrected event implies anew what can be only one, and that takes the place and the time of the old one.
        implies = [
            name
            for name in self._ontology[event.predicate].implies
            if statement.negated or self._ontology[name].cardinality != "one"
        ]
        for fact in self._held(event.subject_id, implies, event.object_id) if implies else ():
            from_it = fact.metadata.get("implied_by") == event.predicate and set(fact.episode_ids) <= set(
                event.episode_ids
            )
            if from_it and ("expired_at" in over or holds_after(fact, statement.began)):
                reason = "what implied it was negated by a later statement"
                self._close(fact, over, reason, statement, at=statement.began, action=Action.CLOSED)
                changes.append(self._fact_change(Action.CLOSED, self.written[fact.id], fact, statement, reason))
        return changes

    def _negate(self, statement: Statement) -> list[FactChange]:
        """Close what a negation negates; what was not known before is kept as a fact of its own (NOT_EATS)."""
        affected = self._either_way(statement, [statement.predicate], statement.object.id if statement.object else None)
        earlier = [fact for fact in affected if began(fact) <= statement.began or outdates(statement, fact)]
        never = statement.correction and statement.object is not None
        running = [fact for fact in earlier if never or holds_after(fact, statement.began)]
        disputed = [fact for fact in running if self._disputes.disagree(fact, statement)]
        running = [fact for fact in running if fact not in disputed]
        if statement.object is not None:
            if statement.predicate == OWNED[0] and not disputed:
                held = self._held(statement.subject.id, OWNED)
                running += [f for f in thing_meant(self._tx, self._spaces, statement, held) if f not in running]
            elif not (running or disputed):
                predicates = alike(statement)
                held = self._held(statement.subject.id, predicates) if predicates else []
                running = loosely_meant(statement, held)
        over = {"expired_at": self._now} if statement.correction else {"invalid_at": statement.began}
        changes = []
        for fact in running:
            reason = "negated by a later statement"
            since = {"valid_at": None} if outdates(statement, fact) and not statement.correction else {}
            self._close(fact, over | since, reason, statement, at=statement.began, action=Action.CLOSED)
            changes.append(self._fact_change(Action.CLOSED, self.written[fact.id], fact, statement, reason))
            changes += self._end_implied(fact, over, statement)
        if statement.correction:
            changes += self._open_behind([change.fact for change in changes if change.fact], statement)
            if not running:
                self._note_denied(statement)
        else:
            self._note_over(earlier, statement)
        if disputed or self._is_news(statement, known=bool(affected or running)):
            kept = replaced(statement, predicate=self._ontology.opposite(statement.predicate), negated=False)
            changes += self._affirm(kept)
        return changes or [self._fact_change(Action.NOTHING, None, None, statement, "it negates nothing that is held")]

    def _is_news(self, statement: Statement, *, known: bool) -> bool:
        """Whether a negation is worth a fact of its own (NOT_EATS), beside closing what it negates.

        A lasting dislike is; that somebody no longer lives or works somewhere is said by the closed fact, unless what
        it closes has yet to be told.
        """
        if statement.object is None or statement.correction or statement.restated or statement.predicate == _RULE:
            return False
        return self._ontology[statement.predicate].category is Category.PREFERENCE or not known
