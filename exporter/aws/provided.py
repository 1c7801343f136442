"""What the SDK's chain does not check of a provider of credentials: its file, its program, and the keys it gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, CredentialRetrievalError


@contextmanager
def of_a_provider() -> Iterator[None]:
    """Let what is raised inside be a matter of credentials where it is one, and of the network where it is that.

    Raises:
        CredentialRetrievalError: a file or program cannot be used, which is named, or what is given is not what it
            should be, which is not told.
    """
    try:
        yield
    except BotoCoreError:
        raise
    except OSError as error:
        if error.filename is None:
            raise
        name, *_ = str(error.filename).split() or [""]  # a command that is quoted as a whole is one with its arguments
        raise _refusal(f"{name}: {os.strerror(error.errno or 0)}") from error
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise _refusal(f"what is set for it or comes of it cannot be read ({type(error).__name__})") from error


def usable(keys: ReadOnlyCredentials) -> ReadOnlyCredentials:
    """Return *keys*, which go into headers.

    Raises:
        CredentialRetrievalError: one of them is not printable ASCII: a number, say, or with the end of its line.
    """
    for key in (keys.access_key, keys.secret_key, keys.token or ""):
        if not isinstance(key, str) or not (key.isascii() and key.isprintable()):
            raise _refusal("a key is not all printable ASCII, as it is with the end of a line")
    return keys


def _refusal(why: str) -> CredentialRetrievalError:
    # of such an error only the provider is told
    return CredentialRetrievalError(provider=f"the SDK's chain: {why}", error_msg=why)
