"""The process: first row of the exporter's board, memory, CPU, files, scrapes, configuration and version."""

from __future__ import annotations

from dashboards.board import Row
from dashboards.panels import About, Panel, Query, lines, number
from dashboards.queries import PROCESS, TARGET, known, own_count, running
from dashboards.scales import FAILING, GREEN, ORANGE, PLAIN, POLL_AGE, RED, SOME, TAKEN, Scale, rising
from dashboards.tables import Column, rows

_NOTHING = "No data: is the exporter up?"
_INSTANCE = "{{instance}}"


def row() -> Row:
    """Return the numbers that answer whether the exporter is well."""
    down = About(
        "Exporters down",
        "Instances that Prometheus could not reach at its last scrape. One that is down for a day is forgotten.",
        "none",
        "No exporter was seen in a day",
        "AWSSESExporterDown",
    )
    reload = About(
        "Last reload",
        "Whether the newest configuration was taken, in every instance; after a bad one the old stays in force.",
        "none",
        _NOTHING,
        "AWSSESReloadFailed",
    )
    agree = About(
        "Configurations",
        "How many different ones are in force. Replicas should have one; instances that share the work have more. "
        "Secrets are masked in it, so a changed one does not show.",
        "none",
        _NOTHING,
    )
    cost = About(
        "Cost a month",
        "The estimated cost of the last hour, as if all 30 days were like it. All instances added up.",
        "currencyUSD",
        _NOTHING,
        "AWSSESCost",
    )
    dollars = own_count("aws_ses_exporter_cloudwatch_estimated_cost_dollars_total", "1h")
    reloaded = f"min(aws_ses_exporter_config_last_reload_successful{{{PROCESS}}})"
    restarts = f"changes(process_start_time_seconds{{{PROCESS}}}[6h])"
    hashes = f'count(count_values("hash", aws_ses_exporter_config_hash{{{PROCESS}}}))'
    return Row(
        "Is the exporter well?",
        (
            number(down, Query(f"sum(1 - ({known(f'up{{{PROCESS}}}')}))", "down"), FAILING),
            *_sources(),
            number(reload, Query(reloaded, "reload"), TAKEN),
            number(agree, Query(hashes, "configurations"), Scale(((None, GREEN), (2, ORANGE)))),
            number(cost, Query(f"{dollars} * 24 * 30", "a month"), PLAIN, decimals=2),
            number(_restarted(), Query(f"sum({known(restarts)})", "restarts"), SOME),
        ),
    )


def _sources() -> tuple[Panel, ...]:
    failing = About(
        "Failing sources",
        "Targets, regions and sources whose last poll failed, or that had none yet, in one of the instances.",
        "none",
        _NOTHING,
        "AWSSESTargetFailing",
    )
    never = About(
        "Never answered",
        "Targets, regions and sources that no instance ever had a good poll of.",
        "none",
        _NOTHING,
        "AWSSESTargetNeverSeen",
    )
    oldest = About(
        "Oldest good poll",
        "Of the targets, regions and sources that answered before: the longest time since, in the best instance.",
        "s",
        "No poll succeeded yet, or no data",
        "AWSSESTargetFailing",
    )
    source = "target, region, source"
    polled = f"min by ({source}) (aws_ses_exporter_last_poll_successful{{{TARGET}}})"
    last = f"max by ({source}) (aws_ses_exporter_last_success_timestamp_seconds{{{TARGET}}})"
    return (
        number(failing, Query(f"sum(1 - {polled})", "failing"), FAILING),
        number(never, Query(f"sum({last} == bool 0)", "never answered"), FAILING),
        number(oldest, Query(f"time() - min({last} > 0)", "oldest"), POLL_AGE, decimals=1),
    )


def _restarted() -> About:
    return About(
        "Restarts in 6 hours",
        "How often an instance started again under its name. Each start is marked in the panels.",
        "none",
        _NOTHING,
        "AWSSESExporterRestarting",
    )


def resources() -> Row:
    """Return memory, CPU, files and uptime."""
    memory = About("Memory", "Resident, and reserved address space, of each instance.", "bytes", _NOTHING)
    cpu = About("CPU", "Share of one CPU, over at least 20 minutes: polls come in bursts.", "percentunit", _NOTHING)
    files = About("Open files", "Open file descriptors as a share of those allowed.", "percentunit", _NOTHING)
    uptime = About(
        "Time since the start",
        "Each instance's. What falls to 0 has started again.",
        "s",
        _NOTHING,
        "AWSSESExporterRestarting",
    )
    resident = Query(running(f"process_resident_memory_bytes{{{PROCESS}}}"), "{{instance}} resident")
    reserved = Query(running(f"process_virtual_memory_bytes{{{PROCESS}}}"), "{{instance}} reserved")
    seconds = Query(running(f"rate(process_cpu_seconds_total{{{PROCESS}}}[$__rate_interval])"), _INSTANCE)
    opened = Query(running(f"process_open_fds{{{PROCESS}}} / process_max_fds{{{PROCESS}}}"), _INSTANCE)
    since = Query(running(f"time() - process_start_time_seconds{{{PROCESS}}}"), _INSTANCE)
    return Row(
        "Process",
        (
            lines(memory, [resident, reserved]),
            lines(cpu, [seconds], decimals=2),
            lines(files, [opened], rising(0.7, 0.9), decimals=1),
            lines(uptime, [since], decimals=1),
        ),
    )


def scrapes() -> Row:
    """Return the scrapes and what runs where."""
    size = About("Scrape size", "Samples of each scrape, as Prometheus counted them.", "short", _NOTHING)
    duration = About("Scrape duration", "A scrape never calls AWS: it should take milliseconds.", "s", _NOTHING)
    about = About("Instances", "What runs, and since when its configuration is in force.", "short", _NOTHING)
    started = f"process_start_time_seconds{{{PROCESS}}}"
    columns = (
        Column(
            "Version",
            f"max by (instance, version, python_version) (aws_ses_exporter_build_info{{{PROCESS}}})",
            hidden=True,
        ),
        Column("Up", f"max by (instance) ({known(f'up{{{PROCESS}}}')})", "none", Scale(((None, RED), (1, GREEN)))),
        Column("Up for", f"time() - max by (instance) ({running(started)})", "s", decimals=1),
        Column("Configuration", f"max by (instance) (aws_ses_exporter_config_hash{{{PROCESS}}})", "none"),
        Column(
            "In force for",
            f"time() - max by (instance) (aws_ses_exporter_config_last_reload_success_timestamp_seconds{{{PROCESS}}})",
            "s",
            decimals=1,
        ),
    )
    labels = {"instance": "Instance", "version": "Version", "python_version": "Python"}
    return Row(
        "Scrapes and versions",
        (
            lines(size, [Query(known(f"scrape_samples_scraped{{{PROCESS}}}"), _INSTANCE)], decimals=0),
            lines(
                duration, [Query(known(f"scrape_duration_seconds{{{PROCESS}}}"), _INSTANCE)], rising(0.5, 2), decimals=3
            ),
            rows(about, labels, columns, worst="Instance", height=8, descending=False),
        ),
    )
