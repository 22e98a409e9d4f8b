"""The neighbourhood of records, walked through what is known of the graph; a store reads what is missing."""

from factloom.graph.neighbourhood.known_graph import GraphSource as GraphSource
from factloom.graph.neighbourhood.known_graph import KnownEntity as KnownEntity
from factloom.graph.neighbourhood.known_graph import KnownGraph as KnownGraph
from factloom.graph.neighbourhood.known_graph import KnownGraphs as KnownGraphs
from factloom.graph.neighbourhood.stored_facts import StoredFact as StoredFact
from factloom.graph.neighbourhood.stored_facts import stored_fact as stored_fact
from factloom.graph.neighbourhood.walk import facts_read as facts_read
from factloom.graph.neighbourhood.walk import walk as walk
