from __future__ import annotations

from factloom.graph.neighbourhood.known_graph import KnownGraph, KnownGraphs
from factloom.schemas.ports import EpisodeNode


def grow(graph: KnownGraph, count: int) -> None:
    for ref in range(count):
        graph.episodes[ref] = EpisodeNode(ref, "", 0, 0, "", "user", 0.0, 0, 0, False)


def test_what_is_known_is_kept_for_one_state() -> None:
    graphs = KnownGraphs()
    first = graphs.graph("a", 1, 3)
    assert graphs.graph("a", 1, 3) is first
    assert graphs.graph("a", 1, 2) is not first
    assert graphs.graph("a", 2, 3) is not first


def test_the_graphs_that_were_not_read_for_longest_go_where_too_many_nodes_are_held() -> None:
    graphs = KnownGraphs(most_nodes=100)
    held = {name: graphs.graph(name, 1, 3) for name in "abc"}
    for graph in held.values():
        grow(graph, 40)
    assert graphs.graph("c", 1, 3) is held["c"]  # only now is it seen that all have grown
    assert graphs.graph("b", 1, 3) is held["b"]
    assert graphs.graph("a", 1, 3) is held["a"]
    assert graphs.graph("b", 1, 3) is held["b"]
    assert graphs.graph("c", 1, 3) is not held["c"]


def test_a_graph_of_another_state_counts_no_more() -> None:
    graphs = KnownGraphs(most_nodes=100)
    grow(graphs.graph("a", 1, 3), 90)
    newer = graphs.graph("a", 2, 3)
    grow(newer, 60)
    other = graphs.graph("b", 1, 3)
    assert graphs.graph("a", 2, 3) is newer
    assert graphs.graph("b", 1, 3) is other
