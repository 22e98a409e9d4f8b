"""The format ``chatgpt``: ``conversations.json`` of a ChatGPT data export.

A conversation is a tree, since messages can be edited and answers made anew. What the user sees is the branch that
ends in ``current_node``; it is followed upwards. The export's form is not documented by its maker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from factloom.engine.importing.items import Found, FoundMessage, LeftOut, Unreadable
from factloom.engine.importing.json_streams import read_items
from factloom.engine.importing.sources import Source


def read_chatgpt(source: Source) -> Iterator[Found]:
    """The messages on the branch that is shown, of every conversation; others are reported as left out."""
    for number, conversation in enumerate(
        read_items(source, "" if source.first_character() == b"{" else "item"), start=1
    ):
        yield from _conversation(f"conversation {number}", conversation)


def _conversation(where: str, conversation: object) -> Iterator[Found]:
    mapping = conversation.get("mapping") if isinstance(conversation, Mapping) else None
    if not isinstance(conversation, Mapping) or not isinstance(mapping, Mapping):
        yield Unreadable(where, "a conversation is a JSON object with a mapping")
        return
    branch = _branch(mapping, conversation.get("current_node"))
    if not any(_has_message(mapping[key]) for key in branch) and any(map(_has_message, mapping.values())):
        yield Unreadable(where, "no branch of its mapping that is shown has messages; export the conversation again")
        return
    shown = set(branch)
    for key, node in mapping.items():
        if key not in shown and _has_message(node):
            yield LeftOut(f"{where}, message {key}", "on a branch that was edited away")
    session = str(conversation.get("conversation_id") or conversation.get("id") or where)
    title = conversation.get("title")
    begins_at = _time(conversation.get("create_time"))
    for key in branch:
        node = mapping[key]
        message = node.get("message") if isinstance(node, Mapping) else None
        if message is not None:
            yield _message(f"{where}, message {key}", key, message, session, title, begins_at)


def _branch(mapping: Mapping[str, Any], last: object) -> list[str]:
    """Keys of the nodes from the root down to ``last``, or, if that is missing, to the latest leaf."""
    if not isinstance(last, str) or last not in mapping:
        leaves = [key for key, node in mapping.items() if isinstance(node, Mapping) and not _leads_on(node, mapping)]
        last = max(leaves, key=lambda key: _created(mapping[key]), default=None)
    branch: list[str] = []
    seen: set[str] = set()
    while isinstance(last, str) and last in mapping and last not in seen:
        seen.add(last)
        branch.append(last)
        node = mapping[last]
        last = node.get("parent") if isinstance(node, Mapping) else None
    return branch[::-1]


def _has_message(node: object) -> bool:
    return isinstance(node, Mapping) and bool(node.get("message"))


def _leads_on(node: Mapping[str, Any], mapping: Mapping[str, Any]) -> bool:
    """Whether a node has children that are there: an export that was cut names some that are not."""
    children = node.get("children")
    return isinstance(children, list) and any(isinstance(child, str) and child in mapping for child in children)


def _created(node: Mapping[str, Any]) -> float:
    message = node.get("message")
    created = message.get("create_time") if isinstance(message, Mapping) else None
    return float(created) if isinstance(created, (int, float)) else 0.0


def _message(where: str, key: str, message: object, session: str, title: object, begins_at: datetime | None) -> Found:
    if not isinstance(message, Mapping):
        return Unreadable(where, "a message is a JSON object")
    author = message.get("author")
    role = author.get("role") if isinstance(author, Mapping) else None
    content = message.get("content")
    text = _text(content) if isinstance(content, Mapping) else ""
    if not text.strip():
        kind = content.get("content_type", "nothing") if isinstance(content, Mapping) else "nothing"
        return LeftOut(where, f"{role} message without text ({kind})")
    metadata = {"message_id": key} | ({"title": title} if isinstance(title, str) and title else {})
    found: dict[str, Any] = {"role": role, "content": text, "session": session, "metadata": metadata}
    if role == "tool" and isinstance(author, Mapping) and author.get("name"):
        found["name"] = author["name"]
    if message.get("create_time") is not None:
        found["time"] = message["create_time"]
    return FoundMessage(where, found, {}, begins_at)


def _text(content: Mapping[str, Any]) -> str:
    """The words of a message; parts that are not words (pictures, files) are named in brackets."""
    parts = content.get("parts")
    if not isinstance(parts, list):
        text = content.get("text") or content.get("result")
        return text if isinstance(text, str) else ""
    pieces = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, Mapping):
            text = part.get("text")
            pieces.append(text if isinstance(text, str) else f"[{part.get('content_type', 'attachment')}]")
    return "\n".join(piece for piece in pieces if piece.strip())


def _time(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, (int, float)) else None
    except (ValueError, OverflowError, OSError):
        return None
