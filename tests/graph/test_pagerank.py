"""Personalised PageRank against networkx, and at its edges."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

from factloom.graph.pagerank import personalised_pagerank


@pytest.mark.parametrize("damping", [0.3, 0.5, 0.85])
def test_agrees_with_networkx(damping: float) -> None:
    rng = np.random.default_rng(3)
    graph = networkx.gnm_random_graph(60, 150, seed=5)
    graph.remove_nodes_from([node for node in list(graph) if graph.degree(node) == 0])
    graph = networkx.convert_node_labels_to_integers(graph)
    weights = rng.uniform(0.1, 2.0, graph.number_of_edges())
    for (a, b), weight in zip(graph.edges, weights, strict=True):
        graph[a][b]["weight"] = weight
    restart = np.zeros(graph.number_of_nodes())
    restart[[1, 4, 9]] = [1.0, 2.0, 0.5]
    edges = np.array(graph.edges)
    ours = personalised_pagerank(
        edges[:, 0], edges[:, 1], weights, restart, damping=damping, tolerance=1e-10, iterations=500
    )
    # networkx's power iteration needs scipy; its definition is solved directly here.
    matrix = networkx.to_numpy_array(graph, weight="weight")
    step = (matrix / matrix.sum(axis=1, keepdims=True)).T
    start = restart / restart.sum()
    exact = np.linalg.solve(np.eye(len(start)) - damping * step, (1 - damping) * start)
    assert np.allclose(ours, exact, atol=1e-8)


def test_nodes_without_edges_keep_the_mass_whole() -> None:
    ranks = personalised_pagerank(np.array([0]), np.array([1]), np.array([1.0]), np.array([1.0, 0.0, 1.0]))
    assert ranks.sum() == pytest.approx(1.0)
    assert ranks[2] > 0.25


def test_hubs_pass_little_on() -> None:
    """Node 0 is the seed; 1 leads to one other node, 2 is a hub that leads to ten."""
    sources = np.array([0, 0, 1] + [2] * 10)
    targets = np.array([1, 2, 3, *range(4, 14)])
    restart = np.zeros(14)
    restart[0] = 1.0
    ranks = personalised_pagerank(sources, targets, np.ones(len(sources)), restart)
    assert ranks[3] > 4 * ranks[4]


def test_no_seed_gives_nothing() -> None:
    nothing = np.empty(0, np.int64)
    assert personalised_pagerank(nothing, nothing, np.empty(0), np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert personalised_pagerank(nothing, nothing, np.empty(0), np.empty(0)).shape == (0,)
