"""The command line: flags, commands and exit codes. What a command does not need is not imported.

Exit codes: 0 ended as asked, 1 a bug or a lost listener, 2 bad configuration or usage, one line a problem.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from exporter import __version__, early
from exporter.config.command_lines import YACE_COMMANDS, read_command_line
from exporter.config.dialect import DialectName
from exporter.errors import ConfigError, ListenError, Problem, short_line

if TYPE_CHECKING:
    from exporter.config.load import Loaded

PROGRAM = "aws-ses-exporter"
CHECK = "check"
"""The one command with exit codes of its own, 0 to 3, which its usage errors keep to as well."""
COMMANDS = ("run", "check-config", "migrate", "demo", CHECK)
USAGE_ERROR = 2
TYPER_INTERRUPTED = 130
_AS_IT_STANDS = {"allow_extra_args": True, "ignore_unknown_options": True}
CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""A reader that has gone is not among them: typer ends the process for it, quietly, with 1."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags said; *flags* are dotted keys of the configuration, None where a flag was not given.

    *doubts* are about flags of another exporter that do nothing here.
    """

    config_file: Path | None = None
    dialect: DialectName | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    labels_snake_case: bool | None = None
    doubts: Sequence[Problem] = ()

    def load(self) -> Loaded:
        """Read the configuration, anew at each call.

        Raises:
            ConfigError: it is wrong.
        """
        from exporter.aws import regions  # noqa: PLC0415 - the SDK is slow to import
        from exporter.config.load import load  # noqa: PLC0415 - so is pydantic

        return load(
            self.config_file,
            environ=os.environ,
            flags=self.flags,
            default_region=lambda: regions.default_region(os.environ),
            unknown_regions=regions.unknown_regions,
            dialect=self.dialect,
            labels_snake_case=self.labels_snake_case,
            doubts=self.doubts,
        )


def main() -> None:
    """Run the command line and exit. From here on signals end the daemon well and `check` with a line."""
    early.hold_standard_descriptors()
    with _signals(set(sys.argv)):
        sys.exit(run(sys.argv[1:]))


def _signals(words: set[str]) -> contextlib.AbstractContextManager[None]:
    if CHECK in words:
        return early.plugin_signals()
    short = {"check-config", "demo", "migrate", *YACE_COMMANDS}
    return contextlib.nullcontext() if short & words else early.quiet_signals()


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    try:
        line = read_command_line(arguments, COMMANDS)
        code = int(_app()(args=line.arguments, prog_name=PROGRAM, standalone_mode=False, obj=line.doubts) or 0)
    except TyperException as error:
        if CHECK in arguments:
            from exporter.commands.check import refuse  # noqa: PLC0415 - only this command needs it

            return refuse(error)
        typer.echo(f"{PROGRAM}: {_usage(error)} (--help shows what there is)", err=True)
        return error.exit_code
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return USAGE_ERROR
    except ListenError as error:
        typer.echo(f"{PROGRAM}: {error}", err=True)
        return 1
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        _drop_output()
        typer.echo(f"{PROGRAM}: cannot write the output: {os.strerror(error.errno).lower()}", err=True)
        return 1
    return 1 if code == TYPER_INTERRUPTED else code


def _usage(error: TyperException) -> str:
    """Return a usage error as one line, with the nearest flag there is."""
    flag = getattr(error, "option_name", None)
    context = getattr(error, "ctx", None)
    if flag and context and context.parent and any(flag in one.opts for one in context.parent.command.params):
        return f"{flag} has to stand before {context.info_name}"
    near = getattr(error, "possibilities", None)
    text = f"{error.message}; did you mean {near[0]}?" if near else error.format_message()
    return short_line(" ".join(text.split()))


def _drop_output() -> None:
    """Let what stdout could not take go nowhere, so that the interpreter does not try again at its end."""
    with contextlib.suppress(OSError, ValueError):  # no file below it, in a test
        descriptor = sys.stdout.fileno()
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)


def _app() -> typer.Typer:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    app.command("run")(_run)
    app.command("check-config")(_check_config)
    app.command("migrate")(_migrate)
    app.command("demo")(_demo)
    app.command(CHECK, add_help_option=False, context_settings=_AS_IT_STANDS)(_check)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__} (Python {sys.version.split()[0]})")
        raise typer.Exit


def _file(text: str) -> Path:
    if not text:
        raise typer.BadParameter("needs the name of a file")
    return Path(text)


def _root(  # noqa: PLR0917 - typer calls it, by keyword
    context: typer.Context,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config.file",
            metavar="FILE",
            parser=_file,
            help="Configuration, YAML; without it the environment decides.",
        ),
    ] = None,
    dialect: Annotated[
        DialectName | None,
        typer.Option("--config.dialect", help="Whose configuration it is; without it the content tells."),
    ] = None,
    listen_addresses: Annotated[
        list[str] | None,
        typer.Option("--web.listen-address", metavar="ADDRESS", help="Address to listen on, :9199; repeatable."),
    ] = None,
    telemetry_path: Annotated[
        str | None, typer.Option("--web.telemetry-path", metavar="PATH", help="Path of the metrics, /metrics.")
    ] = None,
    enable_lifecycle: Annotated[
        bool | None,
        typer.Option("--web.enable-lifecycle/--no-web.enable-lifecycle", help="Allow POST /-/reload."),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option("--log.level", metavar="LEVEL", help="debug, info, warning or error.")
    ] = None,
    log_format: Annotated[str | None, typer.Option("--log.format", metavar="FORMAT", help="logfmt or json.")] = None,
    web_config_file: Annotated[
        str | None,
        typer.Option("--web.config.file", metavar="FILE", help="TLS, users and headers, in Prometheus' web format."),
    ] = None,
    scraping_interval: Annotated[
        int | None, typer.Option("--scraping-interval", metavar="SECONDS", help="Seconds between polls, as YACE's.")
    ] = None,
    labels_snake_case: Annotated[
        bool | None,
        typer.Option("--labels-snake-case/--no-labels-snake-case", help="Labels of a YACE file in snake case."),
    ] = None,
    fips: Annotated[
        bool | None, typer.Option("--fips/--no-fips", help="Use endpoints validated for FIPS 140, as YACE's.")
    ] = None,
    version: Annotated[  # noqa: ARG001 - answered by its callback
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> int | None:
    """Serve what Amazon SES and CloudWatch know about your mail to Prometheus.

    Without a command the exporter runs.
    """
    flags = {
        "web.listen_addresses": listen_addresses or None,
        "web.telemetry_path": telemetry_path,
        "web.enable_lifecycle": enable_lifecycle,
        "web.config_file": web_config_file or None,  # empty is none, as in the toolkit
        "log.level": log_level,
        "log.format": log_format,
        "poll_interval_seconds": scraping_interval,
        "aws.use_fips": fips,
    }
    context.obj = Given(config_file, dialect, flags, labels_snake_case, context.obj or ())
    return None if context.invoked_subcommand else _run(context)


def _run(context: typer.Context) -> int:
    """Run the exporter until SIGTERM; this is what happens without a command, too."""
    from exporter import daemon  # noqa: PLC0415 - the SDK and the web server are slow to import

    given: Given = context.obj
    return daemon.run(given.load)


def _check_config(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", parser=_file, help="Configuration; default: that of --config.file."),
    ] = None,
) -> int:
    """Show every problem of the configuration, or what it comes to and what it costs."""
    from exporter.commands.check_config import check_config  # noqa: PLC0415 - pydantic is slow to import

    given: Given = context.obj
    return check_config(replace(given, config_file=file or given.config_file).load)


def _migrate(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", parser=_file, help="The other exporter's file; default: --config.file."),
    ] = None,
) -> int:
    """Print the native configuration that gives the same series as another exporter's file, and what changes."""
    from exporter.aws import regions  # noqa: PLC0415 - the SDK is slow to import
    from exporter.commands.migrate import migrate  # noqa: PLC0415 - so is pydantic

    given: Given = context.obj
    path = file or given.config_file
    if path is None:
        raise typer.BadParameter("needs the name of a file", param_hint="'[FILE]'")
    return migrate(
        path,
        given.dialect,
        labels_snake_case=given.labels_snake_case,
        default_region=lambda: regions.default_region(os.environ),
        unknown_regions=regions.unknown_regions,
    )


def _demo(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Print the first page and exit.")] = False,
) -> int:
    """Show the exporter at work on an AWS of its own, without an account."""
    from exporter.commands import demo  # noqa: PLC0415 - only the demo needs its parts

    given: Given = context.obj
    if given.flags["web.config_file"] is not None:
        raise typer.BadParameter("is not for the demo", param_hint="--web.config.file")
    return demo.demo(once, given.flags["web.listen_addresses"])


def _check(context: typer.Context) -> int:
    """Check SES once as a plugin of Nagios, Icinga and Centreon; check --help shows its options."""
    from exporter.commands.check import check  # noqa: PLC0415 - only this command needs its parts

    return check(context.args)
