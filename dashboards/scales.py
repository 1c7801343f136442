"""Thresholds, and what a number means in words."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

GREEN, ORANGE, RED, BLUE, GREY, UNKNOWN = "green", "orange", "red", "blue", "text", "purple"


@dataclass(frozen=True, slots=True)
class Scale:
    """Colours from a value on, the first below all others, and words for single values (with their colour)."""

    steps: tuple[tuple[float | None, str], ...]
    words: tuple[tuple[str, str, str], ...] = ()

    def thresholds(self) -> model.ThresholdsConfig:
        """Return the steps as Grafana has them."""
        return self.builder().build()

    def builder(self) -> build.ThresholdsConfig:
        """Return the steps as the panel builders take them."""
        steps = [model.Threshold(value=value, color=color) for value, color in self.steps]
        return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)

    def mappings(self, nothing: str = "") -> list[model.ValueMapping]:
        """Return the words as Grafana has them; *nothing* is the word for no data, in the colour of the unknown."""
        options = {
            value: model.ValueMappingResult(text=text, color=color, index=index)
            for index, (value, text, color) in enumerate(self.words)
        }
        found: list[model.ValueMapping] = [model.ValueMap(options=options)] if options else []
        if nothing:
            word = model.ValueMappingResult(text=nothing, color=UNKNOWN, index=len(self.words))
            special = model.DashboardSpecialValueMapOptions(model.SpecialValueMatch.NULL_AND_NAN, word)
            found.append(model.SpecialValueMap(options=special))
        return found


def rising(warning: float, critical: float, *words: tuple[str, str, str]) -> Scale:
    """Return a scale that is the worse the higher."""
    return Scale(((None, GREEN), (warning, ORANGE), (critical, RED)), words)


PLAIN = Scale(((None, BLUE),))
BOUNCE = rising(0.05, 0.10)
"""AWS reviews an account from 5 % on and may pause it from 10 % on."""
COMPLAINT = rising(0.001, 0.005)
"""AWS reviews an account from 0.1 % on and may pause it from 0.5 % on."""
QUOTA = rising(0.6, 0.8)
AGE = Scale(((None, GREEN), (6 * 3600, ORANGE)), (("-1", "Nothing sent in six hours", BLUE),))
"""Of a reputation while mail is sent: from six hours on it is stale. While nothing is sent, its age means nothing."""
POLL_AGE = rising(20 * 60, 2 * 3600)
"""As AWSSESTargetFailing warns and calls."""
DANGER = rising(0.5, 1)
SENDING = Scale(((None, RED), (1, GREEN)), (("0", "No: paused", RED), ("1", "Yes", GREEN)))
REVIEW = rising(1, 2, ("0", "No", GREEN), ("1", "Yes: under review", ORANGE), ("2", "Shut down", RED))
TAKEN = Scale(((None, RED), (1, GREEN)), (("0", "Refused", RED), ("1", "Taken", GREEN)))
CERTIFICATE = Scale(((None, RED), (2 * 86_400, ORANGE), (7 * 86_400, GREEN)))
"""As AWSSESWebCertificateExpires calls and warns."""
FAILING = Scale(((None, GREEN), (1, RED)))
SOME = Scale(((None, GREEN), (1, ORANGE)))
ANSWERS = Scale(((None, RED), (1, GREEN)), (("0", "fails", RED), ("1", "answers", GREEN)))
VERDICT = rising(0.5, 1, ("0", "good", GREEN), ("0.5", "mixed", ORANGE), ("1", "bad", RED))
"""Of Microsoft's SNDS on an address: green is less than a tenth taken for spam, red more than nine tenths."""
YES_NO = Scale(((None, GREY),), (("0", "no", GREY), ("1", "yes", GREY)))
"""Neither is bad."""
CLOCK = Scale(((None, RED), (-300, ORANGE), (-60, GREEN), (60, ORANGE), (300, RED)))
"""From 60 s on the exporter warns; over 300 s its polls fail."""
