from __future__ import annotations

from importlib.machinery import ModuleSpec

import pytest

from exporter.commands.demo import MISSING, demo


@pytest.mark.parametrize("missing", ["moto", "flask", "flask_cors"])
def test_without_motos_server_it_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find_spec(name: str) -> ModuleSpec | None:
        return None if name == missing else ModuleSpec(name, None)

    monkeypatch.setattr("exporter.commands.demo.find_spec", find_spec)

    assert demo(once=True, listen_addresses=None) == 2
    assert capsys.readouterr().err == f"{MISSING}\n"
    assert "pip install aws-ses-exporter[demo]" in MISSING
