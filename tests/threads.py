"""A system that has no threads to give, as one with too many processes or too little memory."""

from __future__ import annotations

import _thread
import threading

import pytest


def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no thread be started."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(_thread, "start_new_thread", refuse)
