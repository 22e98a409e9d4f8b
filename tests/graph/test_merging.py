"""Two entities that turn out to be one: which of their facts become one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from factloom.graph.merging import Act, merge_entities
from factloom.graph.reconciliation import Reconciler
from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import core_ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Category, Entity, Fact, new_id
from factloom.schemas.spaces import SpaceSet

NOW = datetime(2025, 6, 1, tzinfo=UTC)
SPACE = "user/ana"


def entity(name: str) -> Entity:
    return Entity(id=new_id(), space=SPACE, name=name, key=normalise_name(name), created_at=NOW, updated_at=NOW)


def test_visits_stay_two_and_an_ended_fact_points_to_the_joined_one(tmp_path: Path) -> None:
    store = SqliteGraphStore(tmp_path / "store.db")
    bea, sister, rome, faro = people = [entity(name) for name in ("Bea", "Ana's sister", "Rome", "Faro")]

    def fact(subject: Entity, predicate: str, object_: Entity, day: int, **fields: object) -> Fact:
        ends = {"subject_id": subject.id, "object_id": object_.id}
        given = {"id": new_id(), "space": SPACE, "text": predicate, "valid_at": NOW + timedelta(days=day)}
        return Fact(predicate=predicate, created_at=NOW, **{**given, **ends, **fields})  # type: ignore[arg-type]

    visits = [fact(who, "VISITED", rome, day, category=Category.EPISODIC) for who, day in ((bea, 0), (sister, 60))]
    homes = [fact(bea, "LIVES_IN", rome, 9), fact(sister, "LIVES_IN", rome, 5)]
    over = NOW + timedelta(days=5)
    before = fact(sister, "LIVES_IN", faro, 1, invalid_at=over, superseded_by=homes[1].id)
    store.write(lambda tx: (tx.put_entities(people), tx.put_facts([*visits, *homes, before])))

    def work(tx: WriteTransaction) -> None:
        reconciler = Reconciler(tx, SPACE, ontology=core_ontology(), now=NOW, actor="test")
        merge_entities(tx, bea, sister, Act("test", NOW, ""), reconciler=reconciler)

    store.write(work)
    left = {f.id: f for f in store.find_facts(FactQuery(), spaces=SpaceSet.of(SPACE))}
    store.close()
    assert set(left) == {*(visit.id for visit in visits), homes[0].id, before.id}
    assert left[homes[0].id].valid_at == over
    assert left[before.id].superseded_by == homes[0].id
