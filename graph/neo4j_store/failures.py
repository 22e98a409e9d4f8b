"""What went wrong in the driver or on the server, in words of our own error tree: the one place that reads its codes.

``place`` is the server's address without any credentials, and its database; no message of ours holds a password.
"""

from __future__ import annotations

import ssl
from typing import Final

from neo4j import exceptions as neo4j_errors

from factloom.schemas.errors import (
    FactloomError,
    InvalidInputError,
    StoreAuthError,
    StoreDatabaseError,
    StoreEncryptionError,
    StoreError,
    StoreFullError,
    StorePermissionError,
    StoreReadOnlyError,
    StoreUnavailableError,
)

DRIVER_FAILURES: Final = (neo4j_errors.Neo4jError, neo4j_errors.DriverError, UnicodeEncodeError, OverflowError)
"""What ``translate`` knows."""


class ConstraintError(StoreError):
    """The database refused a node that breaks one of its rules."""


# https://neo4j.com/docs/status-codes/5/errors/all-errors/
_TOO_MANY_ATTEMPTS: Final = "Neo.ClientError.Security.AuthenticationRateLimit"
_CREDENTIALS_EXPIRED: Final = "Neo.ClientError.Security.CredentialsExpired"
_AUTH: Final = frozenset(
    {
        *("Neo.ClientError.Security.Unauthorized", "Neo.ClientError.Security.AuthProviderFailed"),
        *("Neo.ClientError.Security.TokenExpired", _TOO_MANY_ATTEMPTS, _CREDENTIALS_EXPIRED),
    }
)
_NO_DATABASE: Final = "Neo.ClientError.Database.DatabaseNotFound"
_CONSTRAINT: Final = "Neo.ClientError.Schema.ConstraintValidationFailed"
_READ_ONLY: Final = frozenset(
    {
        *(
            "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
            "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
        ),
        "Neo.ClientError.General.ReadOnly",
    }
)
_FORBIDDEN: Final = frozenset({"Neo.ClientError.Security.Forbidden", "Neo.ClientError.Security.MutualTLS"})
_TOOK_TOO_LONG: Final = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.TransientError.Transaction.LockAcquisitionTimeout",
    "Neo.ClientError.Transaction.LockAcquisitionTimeout",
    "Neo.TransientError.Transaction.Terminated",
)
_NO_MEMORY: Final = frozenset(
    {
        *("Neo.TransientError.General.MemoryPoolOutOfMemoryError", "Neo.TransientError.General.OutOfMemoryError"),
        "Neo.TransientError.General.TransactionMemoryLimit",
    }
)


def closed(place: str) -> StoreUnavailableError:
    """The error for a store that was closed."""
    return StoreUnavailableError(f"the store {place} is closed; open it again")


def unreachable(place: str, detail: str) -> StoreUnavailableError:
    """The error for a server that does not answer."""
    return StoreUnavailableError(
        f"the Neo4j server {place} cannot be reached ({detail}); see that it runs, that host and port are right, and "
        "that no firewall is in between. Work goes on by itself when it is back"
    )


def commit_unknown(place: str) -> StoreUnavailableError:
    """The error for a server that went away while it committed, and did not come back in time."""
    return StoreUnavailableError(
        f"the Neo4j server {place} went away while it was saving, so that it is not known whether this was kept; "
        "do the same again when it is back: what is there already is found, not doubled"
    )


def busy(place: str, seconds: float) -> StoreUnavailableError:
    """The error for a writer that did not get its turn."""
    return StoreUnavailableError(
        f"the store {place} was held by another writer for more than {seconds:g} s; try again, or raise busy_timeout"
    )


def translate(error: Exception, place: str) -> FactloomError:
    """The error of our tree that says what ``error`` means for the store at ``place``."""
    if isinstance(error, FactloomError):
        return error
    if isinstance(error, UnicodeEncodeError):
        return InvalidInputError(f"a text holds a lone surrogate (position {error.start}), which is not valid Unicode")
    if isinstance(error, OverflowError):
        return InvalidInputError(f"a number is too large to be stored: {error}")
    if isinstance(error, neo4j_errors.Neo4jError):
        return _of_server(error, place)
    return _of_driver(error, place)


def _of_server(error: neo4j_errors.Neo4jError, place: str) -> FactloomError:
    code, message = error.code or "", error.message or ""
    if code in _AUTH:
        return _refused_login(code, place)
    if code == _NO_DATABASE:
        return _no_database(place)
    if code in _FORBIDDEN:
        return StorePermissionError(
            f"the Neo4j user may not do this on {place} ({_first_line(message)}); grant it reading and writing, and, "
            "for the first opening, index and constraint management and the making of new names (see docs/neo4j.md)"
        )
    if code in _READ_ONLY:
        return StoreReadOnlyError(
            f"the database {place} can only be read ({_first_line(message)}); give the address of a server, or of a "
            "cluster with neo4j://, that takes writes"
        )
    if code == _CONSTRAINT:
        return ConstraintError(f"the store {place} refused a node: {_first_line(message)}")
    if code.startswith(_TOOK_TOO_LONG):
        return StoreUnavailableError(
            f"the server ended a transaction on {place} that took too long, waiting for others included ({code}); "
            "try again, write less at once, or raise neo4j.transaction_timeout"
        )
    if code in _NO_MEMORY:
        return StoreUnavailableError(
            f"the server at {place} has no memory left for this transaction ({code}); write less at once, or raise "
            "server.memory.heap.max_size and dbms.memory.transaction.total.max"
        )
    if "No space left" in message:
        return StoreFullError(f"no disk space is left for the store {place}; nothing of this call was kept: make room")
    if isinstance(error, neo4j_errors.TransientError) or code.startswith("Neo.ClientError.Cluster"):
        return StoreUnavailableError(f"the store {place} could not do this now ({code}); try again in a moment")
    return StoreError(f"the store {place} failed ({code}: {_first_line(message)})")


def _refused_login(code: str, place: str) -> StoreAuthError:
    if code == _TOO_MANY_ATTEMPTS:
        return StoreAuthError(
            f"the Neo4j server {place} refuses logins for some seconds, after too many with a wrong password; set "
            "neo4j.user and neo4j.password right and wait a little"
        )
    if code == _CREDENTIALS_EXPIRED:
        return StoreAuthError(
            f"the Neo4j server {place} wants the initial password to be changed first: ALTER CURRENT USER SET PASSWORD"
        )
    return StoreAuthError(
        f"the Neo4j server {place} refused the user or the password; set neo4j.user and neo4j.password "
        "(FACTLOOM_NEO4J__USER, FACTLOOM_NEO4J__PASSWORD)"
    )


def _no_database(place: str) -> StoreDatabaseError:
    return StoreDatabaseError(
        f"the Neo4j server has no database for {place}; set neo4j.database to one that SHOW DATABASES lists, or leave "
        "it out for the user's own"
    )


def _of_driver(error: Exception, place: str) -> FactloomError:
    about_tls = _tls_trouble(error)
    if about_tls is not None:
        return StoreEncryptionError(
            f"{place} and its server disagree about TLS ({about_tls}); a server without TLS needs neo4j:// or bolt://, "
            "one with a certificate of its own making neo4j+ssc:// or bolt+ssc://, others neo4j+s:// or bolt+s://"
        )
    if isinstance(error, neo4j_errors.IncompleteCommit):
        return commit_unknown(place)
    if isinstance(error, neo4j_errors.UnsupportedServerProduct):
        return StoreError(f"{place} does not answer as Neo4j does ({_first_line(str(error))})")
    if isinstance(error, neo4j_errors.ConfigurationError | neo4j_errors.AuthConfigurationError):
        return InvalidInputError(f"the driver refused the settings of {place}: {_first_line(str(error))}")
    text = str(error)
    if "closed" in text.lower() and "driver" in text.lower():
        return closed(place)
    if "pool" in text.lower() and "timed out" in text.lower():
        return StoreUnavailableError(
            f"all connections to {place} were in use for too long; try again, or raise neo4j.pool_size"
        )
    return unreachable(place, _reason(error))


def _causes(error: BaseException) -> list[BaseException]:
    """``error`` and everything that led to it."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is not None and each not in found:
            found.append(each)
            todo += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return found


def _tls_trouble(error: BaseException) -> str | None:
    """What went wrong with TLS, if that is what went wrong."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return cause.reason or "TLS failed"
        if "closed with incomplete handshake" in str(cause):
            return "it closed the connection at the first word, as a server does that wants TLS"
    return None


def _reason(error: BaseException) -> str:
    """Why a connection could not be made, as the system tells it, else as the driver does."""
    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    told = [cause for cause in causes if isinstance(cause, neo4j_errors.DriverError)]
    return _first_line(str(told[-1] if told else error))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].strip() if text.strip() else "no details"
