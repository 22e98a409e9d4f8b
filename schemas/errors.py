"""The one tree of errors that factloom raises.

::

    FactloomError
    ├── InvalidInputError            also a ValueError: the call was wrong, nothing happened
    │   ├── MissingScopeError        no user_id, agent_id, run_id or space was given
    │   ├── ImportFormatError        a file to import is not what it claims to be
    │   └── QueryError               a Cypher query cannot be run, or would write
    ├── ConfigurationError           settings contradict each other or name what does not exist
    ├── NotFoundError                also a LookupError: no record has this id in the spaces that may be read
    ├── StoreError                   the graph store
    │   ├── QueryTimeoutError        a Cypher query took longer than it may
    │   ├── StoreUnavailableError    locked, unreachable or closed: trying again can help
    │   ├── StoreReadOnlyError       the file or its folder cannot be written
    │   ├── StoreFullError           no space is left
    │   ├── StoreCorruptError        the file is damaged
    │   ├── ForeignStoreError        the file or database belongs to another program
    │   ├── StoreVersionError        made by a newer factloom
    │   ├── StoreAuthError           a server refused the user or the password
    │   ├── StorePermissionError     the user of a server may not do this
    │   ├── StoreDatabaseError       the server has no such database
    │   ├── StoreServerError         the server is of a kind or version that is not supported
    │   ├── StoreEncryptionError     TLS is asked for and not offered, offered and not asked for, or not trusted
    │   └── EmbedderMismatchError    its vectors come from another embedder
    ├── VectorIndexError             the vector index; it can be rebuilt from the store
    ├── CancelledError               the caller stopped waiting, so the work ended at its next step
    └── ModelError                   embedding, extraction or reranking
        ├── ModelNotFoundError       weights or a pipeline are not installed
        ├── ModelUnavailableError    the service cannot be reached, is overloaded or timed out: retryable
        ├── ModelResponseError       the service answered with something that cannot be used
        └── ModelAuthError           the key was refused

Adapters translate their vendor's errors into these in one place each. ``error.retryable`` says
whether the same call may succeed later.
"""

from __future__ import annotations


class FactloomError(Exception):
    """Root of every error that factloom raises on purpose."""

    retryable = False


class InvalidInputError(FactloomError, ValueError):
    """An argument cannot be used; the message names it and says what is accepted."""


class MissingScopeError(InvalidInputError):
    """A call that reads or writes memories was not told whose."""


class ImportFormatError(InvalidInputError):
    """A file to import cannot be read as the format it was taken for."""


class QueryError(InvalidInputError):
    """A Cypher query cannot be run: wrong syntax, an unknown function or parameter, or it would write or read files."""


class ConfigurationError(FactloomError):
    """Settings are contradictory, or name a file, extra or backend that does not exist."""


class NotFoundError(FactloomError, LookupError):
    """No record with this id exists in the spaces that may be read."""


class StoreError(FactloomError):
    """The graph store refused or failed."""


class QueryTimeoutError(StoreError):
    """A Cypher query took longer than it may and was stopped."""


class StoreUnavailableError(StoreError):
    """The store is locked, closed or out of reach; the same call may succeed later."""

    retryable = True


class StoreReadOnlyError(StoreError):
    """The store's file or folder cannot be written."""


class StoreFullError(StoreError):
    """The disk is full; nothing of the failed write was kept, what was written before it was."""

    retryable = True


class StoreCorruptError(StoreError):
    """The store's file is damaged."""


class ForeignStoreError(StoreError):
    """The file or database belongs to another program and is left alone."""


class StoreVersionError(StoreError):
    """The store was written by a newer factloom."""


class StoreAuthError(StoreError):
    """The server refused the user or the password."""


class StorePermissionError(StoreError):
    """The user that the store connects as may not do what was asked; the message says which right is missing."""


class StoreDatabaseError(StoreError):
    """The server has no database of this name."""


class StoreServerError(StoreError):
    """The server is not one that factloom can work with, or too old."""


class StoreEncryptionError(StoreError):
    """The address and the server disagree about TLS, or the server's certificate is not trusted."""


class EmbedderMismatchError(StoreError):
    """The store's vectors were made by another embedder; mixing them would make search meaningless."""


class VectorIndexError(FactloomError):
    """The vector index refused or failed; it can always be rebuilt from the store."""


class CancelledError(FactloomError):
    """The caller no longer waits for what it asked for; the work ended at its next step. Nothing was changed."""


class ModelError(FactloomError):
    """Embedding, extraction or reranking failed."""


class ModelNotFoundError(ModelError):
    """Weights or a language pipeline are not installed; the message says how to get them."""


class ModelUnavailableError(ModelError):
    """A model service cannot be reached, is overloaded or timed out."""

    retryable = True


class ModelResponseError(ModelError):
    """A model answered with something that cannot be used."""


class ModelAuthError(ModelError):
    """A model service refused the key."""
