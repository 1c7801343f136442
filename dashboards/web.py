"""The web configuration: the row of the exporter's board on who may come in, and until when the certificate is good."""

from __future__ import annotations

from dashboards.board import Row
from dashboards.panels import About, Query, bars, number
from dashboards.queries import PROCESS, own_count
from dashboards.scales import CERTIFICATE, SOME, TAKEN

_NOTHING = "No data: is the exporter up?"
_HEIGHT = 9
"""As high as the bars beside the numbers."""


def row() -> Row:
    """Return what the web configuration does; an exporter without one takes in everybody and has no certificate."""
    taken = About(
        "Web configuration",
        "Whether what was last seen of the web configuration, and of the files that it names, is in force in every "
        "instance; after a bad change the old one stays. Without a web configuration there is nothing to refuse.",
        "none",
        _NOTHING,
        "AWSSESWebReloadFailed",
    )
    changes = About(
        "Changes refused in a day",
        "Changes of the web configuration, or of a file that it names, that were not taken. All instances added up.",
        "short",
        _NOTHING,
        "AWSSESWebReloadFailed",
    )
    certificate = About(
        "Certificate valid for",
        "How long the certificate is good that clients are shown, of the instance where it ends first.",
        "s",
        "No TLS, or no data",
        "AWSSESWebCertificateExpires",
    )
    refused = About(
        "Not let in, by reason",
        "Requests and connections. password: no right one. busy: too many wait already. rate: over the limit on "
        "requests. tls: TLS failed. request: not a proper one. crowd: too many connections. "
        "Each bar has the 20 minutes before it, or more where the steps are longer: do not add them up.",
        "short",
        _NOTHING,
    )
    loaded = f"min(aws_ses_exporter_web_config_last_reload_successful{{{PROCESS}}})"
    failures = own_count("aws_ses_exporter_web_config_reload_failures_total", "24h", selector=PROCESS)
    until = f"min(aws_ses_exporter_web_certificate_not_after_timestamp_seconds{{{PROCESS}}})"
    reasons = own_count("aws_ses_exporter_web_refused_total", "$__rate_interval", by="reason", selector=PROCESS)
    return Row(
        "Who may come in",
        (
            number(taken, Query(loaded, "reload"), TAKEN, height=_HEIGHT),
            number(changes, Query(failures, "refused"), SOME, decimals=0, height=_HEIGHT),
            number(certificate, Query(f"{until} - time()", "left"), CERTIFICATE, decimals=1, height=_HEIGHT),
            bars(refused, [Query(reasons, "{{reason}}")], span=15, stacked=True),
        ),
    )
