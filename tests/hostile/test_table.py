"""The table of this package names every class there is."""

from __future__ import annotations

import tests.hostile
from tests.hostile import requests, texts
from tests.hostile.test_flags import CLASSES


def test_every_class_of_hostile_input_is_in_the_table() -> None:
    classes = {make.__name__ for make in (*texts.REFUSED, *texts.EITHER, *requests.CLASSES, *CLASSES)}
    cells = (tests.hostile.__doc__ or "").replace("|", " ").replace(";", " ").replace(",", " ").split()
    assert len(classes) >= 50
    assert classes <= {*cells}
