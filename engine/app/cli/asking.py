"""Commands that ask: search and context."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factloom.engine.app.cli.options import (
    Agent,
    Categories,
    History,
    MetadataOption,
    Offset,
    Predicates,
    RunId,
    Spaces,
    User,
    parse_metadata,
    wide_scope,
)
from factloom.engine.app.cli.running import Run, command
from factloom.schemas.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from factloom.schemas.search import SearchResult

PANEL = "Ask"

Query = Annotated[str, typer.Argument(metavar="QUESTION", help="A question, or some words.", show_default=False)]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="What was so then: ISO 8601 with a time zone.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only what became true, or was said, from then on.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Only what became true, or was said, before then.")
]
Asker = Annotated[str | None, typer.Option("--asker", metavar="NAME", help='Who "I" is. Default: the user.')]
Now = Annotated[str | None, typer.Option("--now", metavar="TIME", help="The present, for words such as yesterday.")]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit", metavar="SECONDS", help="Answer with what is found by then, and say so. Default: no limit."
    ),
]


class Kind(StrEnum):
    """Kinds of hits, as the option takes them."""

    fact = "fact"
    episode = "episode"


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example='factloom search "Where does Ana live?" --user ana --explain', panel=PANEL)(search)
    command(app, example='factloom context "Where does Ana live?" --user ana --max-tokens 300', panel=PANEL)(context)


def search(
    run: Run,
    query: Annotated[
        str | None, typer.Argument(metavar="[QUESTION]", help="A question, or some words.", show_default=False)
    ] = None,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    spaces: Spaces = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="How many hits at most. Default: 10.")] = None,
    offset: Offset = 0,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only facts, or only episodes.")] = None,
    category: Categories = None,
    predicate: Predicates = None,
    metadata: MetadataOption = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    history: History = False,
    asker: Asker = None,
    now: Now = None,
    time_limit: TimeLimit = None,
    rerank: Annotated[
        bool, typer.Option("--rerank/--no-rerank", help="Ask the reranker, where the settings name one.")
    ] = True,
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions",
            metavar="FILE",
            help="Ask every line of a file instead, all embedded together; - is standard input.",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Draw how the question was read, and each hit's path and score.")
    ] = False,
) -> None:
    """Find the facts and passages that answer a question, or several, best first."""
    from factloom.engine.app.cli.documents import search_document

    how: dict[str, Any] = {
        **wide_scope(user, agent, run_id, spaces),
        "limit": limit,
        "offset": offset,
        "kinds": (kind.value,) if kind is not None else ("fact", "episode"),
        "categories": category,
        "predicates": predicate,
        "metadata": parse_metadata(metadata),
        "since": since,
        "until": until,
        "as_of": as_of,
        "include_history": history,
        "asker": asker,
        "now": now,
        "rerank": rerank,
        "time_limit": time_limit,
    }
    if query is not None and questions is None:
        result = run.memory.search(query, **how)
        run.show(lambda: search_document(query, result), lambda: _shown(result, explain))
        return
    asked = _questions(query, questions)
    results = run.memory.search_many(asked, **how)
    run.show(
        lambda: {"results": [search_document(*pair) for pair in zip(asked, results, strict=True)]},
        lambda: _report(results, explain),
    )


def _shown(result: SearchResult, explain: bool) -> RenderableType:
    """The hits as a table, or each with how it was found."""
    if explain:
        from factloom.engine.app.cli.explaining import explained

        return explained(result)
    from factloom.engine.app.cli.tables import hits_table

    return hits_table(result)


def _report(results: Sequence[SearchResult], explain: bool) -> RenderableType:
    """The hits for each of several questions, under the question."""
    from rich.console import Group
    from rich.text import Text

    from factloom.engine.app.cli.tables import plain

    parts: list[RenderableType] = []
    for result in results:
        parts += [Text(plain(result.reading.query, longest=300), style="bold"), _shown(result, explain)]
    return Group(*parts)


def _questions(query: str | None, file: Path | None) -> list[str]:
    """The questions of a file: one a line, blank lines left out."""
    if query is not None or file is None:
        wrong = "missing argument 'QUESTION'" if query is None else "QUESTION and --questions together"
        raise InvalidInputError(f"{wrong}; give a question, or --questions FILE with one a line")
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInputError(f"cannot read the questions of {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is not UTF-8 text ({error.reason} at byte {error.start})") from error
    asked = [line.strip() for line in text.splitlines() if line.strip()]
    if not asked:
        raise InvalidInputError(f"{file} has no question in it; write one a line")
    return asked


def context(
    run: Run,
    query: Query,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    spaces: Spaces = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", help="Budget of the block. Default: search.max_tokens (1000).")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            "--tokenizer",
            metavar="NAME",
            help="Whose tokens: tiktoken:MODEL, or a tokenizer.json. Default: search.tokenizer, or the embedder's.",
        ),
    ] = None,
    as_of: AsOf = None,
    history: History = False,
    asker: Asker = None,
    now: Now = None,
    time_limit: TimeLimit = None,
) -> None:
    """Print a block of text for a prompt: what is known that bears on a question, with its sources."""
    arguments: dict[str, Any] = {
        "as_of": as_of,
        "include_history": history,
        "asker": asker,
        "now": now,
        "time_limit": time_limit,
    }
    block = run.memory.context(
        query, max_tokens, tokenizer=tokenizer, **wide_scope(user, agent, run_id, spaces), **arguments
    )
    if run.wants_json:
        run.write_json(block.model_dump(mode="json"))
    else:
        run.write(block.text)
