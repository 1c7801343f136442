"""The native configuration: every key with its type, default, range and meaning, written once.

Errors, `config.example.yaml` and `docs/configuration.md` are made from these models. Rules between keys are in `rules`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exporter.catalogue import Kind
from exporter.config.dialect import Dialect, DialectName
from exporter.config.types import (
    AccountId,
    DelaySeconds,
    DimensionChoice,
    EndpointUrl,
    ExternalId,
    FileName,
    LinkedAccount,
    ListenAddress,
    MaxAgeSeconds,
    MetricName,
    Number,
    Pattern,
    PeriodSeconds,
    PollIntervalSeconds,
    ProxyUrl,
    RangeSeconds,
    Region,
    RoleArn,
    SessionName,
    Statistic,
    Switch,
    TelemetryPath,
    Text,
    Whole,
)
from exporter.config.values import DEFAULT_LABEL, TWO_WEEKS_SECONDS, Allowed, role_account


class _Model(BaseModel):
    """What all groups share: frozen, and nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TargetSettings(_Model):
    """One way into AWS and the regions to read through it."""

    name: Text | None = Field(
        None, description="name in logs, self-metrics and `aws_ses_target_info`; default: role's account, then profile"
    )
    regions: Annotated[
        tuple[Region, ...], Field(min_length=1, max_length=64), Allowed("a list of regions, such as [us-east-1]")
    ] = Field(description="regions to read")
    profile: Text | None = Field(
        None, description="profile of the AWS configuration files; with `role_arn`, whose credentials assume the role"
    )
    role_arn: RoleArn | None = Field(None, description="role to assume")
    external_id: ExternalId | None = Field(None, description="external id that the role asks for; secret")
    session_name: SessionName = Field("aws-ses-exporter", description="session name of the role, seen in CloudTrail")
    account_id: AccountId | None = Field(
        None, description="account number; default: from `role_arn`, else asked of STS once"
    )
    linked_accounts: Annotated[
        tuple[LinkedAccount, ...], Field(max_length=10_000), Allowed("a list of account numbers in quotes, or [all]")
    ] = Field(
        (),
        description="source accounts of this monitoring account (CloudWatch cross-account observability), each read as "
        "a target of its own, without the facts of GetAccount; all: those that CloudWatch lists as senders",
    )
    poll_interval_seconds: PollIntervalSeconds | None = Field(
        None, description="seconds between polls of this target; default: the global one"
    )
    delay_seconds: DelaySeconds | None = Field(
        None, description="seconds CloudWatch may take to settle for this target; default: the global one"
    )

    @property
    def role_account_id(self) -> str | None:
        """The account in the role's ARN, None without a role."""
        return role_account(self.role_arn) if self.role_arn else None

    @property
    def label(self) -> str:
        """The value of the `target` label: the name, else the role's account, else the profile, else `default`."""
        return self.name or self.role_account_id or self.profile or DEFAULT_LABEL


class MetricSettings(_Model):
    """One CloudWatch metric to read, with what differs from the defaults."""

    name: MetricName = Field(description="CloudWatch name of the metric")
    statistics: (
        Annotated[
            tuple[Statistic, ...],
            Field(min_length=1, max_length=20),
            Allowed("a list of statistics, such as [Average, Sum]"),
        ]
        | None
    ) = Field(None, description="statistics served as gauges; default: the catalogue's")
    dimensions: (
        Annotated[
            tuple[DimensionChoice, ...],
            Field(min_length=1, max_length=10_000),
            Allowed("a list of sets of dimensions, such as [all] or [{ses:configuration-set: news}]"),
        ]
        | None
    ) = Field(
        None,
        description="sets of dimensions read besides the account as a whole, or instead where the catalogue does not "
        "know the metric; default: none, of metrics that only have dimensions all",
    )
    kind: Kind | None = Field(
        None, description="what the datapoints are; needed for a metric that the catalogue does not know, only there"
    )
    delay_seconds: DelaySeconds | None = Field(
        None, description="seconds CloudWatch may take to settle, counts only; default: the target's"
    )
    period_seconds: PeriodSeconds | None = Field(
        None, description="seconds summed into one gauge value, counts and levels only; default: the global one"
    )
    range_seconds: RangeSeconds | None = Field(
        None, description="seconds that each poll reads back; default: the global one"
    )
    max_age_seconds: MaxAgeSeconds | None = Field(
        None, description="seconds a value is held without a newer one, rates and levels only; default: the global one"
    )


class AccountSourceSettings(_Model):
    """The SES API's GetAccount."""

    enabled: Switch = Field(True, description="ask SES for quota, enforcement status and whether sending is paused")


class ConfigurationSetsSettings(_Model):
    """Series of each configuration set, as CloudWatch lists them."""

    enabled: Switch = Field(
        False,
        description="read the configured metrics of each configuration set too; "
        "AWS bills each, and `cloudwatch:ListMetrics` has to be allowed",
    )
    limit: Annotated[Whole, Field(ge=1, le=10_000)] = Field(
        100, description="configuration sets that are read at most, the first by name"
    )
    include: Annotated[tuple[Pattern, ...], Field(max_length=100), Allowed("a list of regular expressions")] = Field(
        (), description="read only sets whose whole name one of these matches; without any, all"
    )
    exclude: Annotated[tuple[Pattern, ...], Field(max_length=100), Allowed("a list of regular expressions")] = Field(
        (), description="leave out sets whose whole name one of these matches"
    )


class DimensionsSettings(_Model):
    """What holds for all series with dimensions."""

    limit: Annotated[Whole, Field(ge=1, le=100_000)] = Field(
        2_000, description="metrics with dimensions that one account and region reads at most, the first by dimensions"
    )
    refresh_seconds: Annotated[Whole, Field(ge=60, le=86_400)] = Field(
        3_600, description="seconds until CloudWatch is asked again which dimensions and linked accounts there are"
    )


class SourcesSettings(_Model):
    """What is polled besides the account's own metrics in CloudWatch."""

    account: AccountSourceSettings = Field(AccountSourceSettings(), description="facts of the SES account")
    configuration_sets: ConfigurationSetsSettings = Field(
        ConfigurationSetsSettings(), description="series of each configuration set"
    )
    dimensions: DimensionsSettings = Field(DimensionsSettings(), description="all series with dimensions")


class AwsSettings(_Model):
    """How AWS is called."""

    connect_timeout_seconds: Annotated[Number, Field(ge=0.1, le=60)] = Field(
        5, description="seconds to connect; a dead address shows soon"
    )
    read_timeout_seconds: Annotated[Number, Field(ge=0.1, le=300)] = Field(
        15, description="seconds to wait for data; attempts x (connect + read) must fit `poll_timeout_seconds`"
    )
    max_attempts: Annotated[Whole, Field(ge=1, le=10)] = Field(
        3, description="tries of one call, the first included; a passing error heals within the poll"
    )
    endpoint_url: EndpointUrl | None = Field(
        None, description="address in place of AWS's own, of a stand-in or a VPC endpoint"
    )
    proxy_url: ProxyUrl | None = Field(None, description="proxy on the way to AWS; secret, as it may hold a password")
    use_fips: Switch = Field(False, description="use endpoints validated for FIPS 140")
    price_per_thousand_metrics_dollars: Annotated[Number, Field(ge=0, le=1_000)] = Field(
        0.01, description="US dollars CloudWatch takes per 1000 metrics requested; for the estimated cost"
    )


class WebSettings(_Model):
    """What Prometheus and people connect to."""

    listen_addresses: Annotated[
        tuple[ListenAddress, ...], Field(min_length=1, max_length=16), Allowed('a list of addresses, such as [":9199"]')
    ] = Field((":9199",), description="addresses to listen on; port 0 takes any free one")
    telemetry_path: TelemetryPath = Field("/metrics", description="path of the page that Prometheus scrapes")
    enable_lifecycle: Switch = Field(
        False, description="allow `POST /-/reload`; off, because whoever reaches the port could use it"
    )
    config_file: FileName | None = Field(
        None,
        description="file with TLS, users and headers in the format of Prometheus exporters; relative to this file",
    )


class LogSettings(_Model):
    """The log on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe line to write")
    format: Literal["logfmt", "json"] = Field("logfmt", description="form of a line")


class Settings(BaseSettings):
    """The whole configuration. Making one reads nothing from outside: `load` is what reads."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix="AWS_SES_EXPORTER__",
        env_nested_delimiter="__",
    )

    poll_interval_seconds: PollIntervalSeconds = Field(
        300, description="seconds between polls; shorter costs more and shows nothing sooner than CloudWatch has it"
    )
    delay_seconds: DelaySeconds = Field(
        300, description="seconds CloudWatch may take to settle; count gauges end that long ago"
    )
    period_seconds: PeriodSeconds = Field(
        300, description="seconds summed into one value of a count gauge; the poll interval loses and repeats nothing"
    )
    range_seconds: RangeSeconds = Field(
        900, description="seconds that each poll reads back, so that late data is seen; at least delay + two periods"
    )
    max_age_seconds: MaxAgeSeconds = Field(
        TWO_WEEKS_SECONDS,
        description="seconds (14 days) a rate is held without a newer one; SES sends none while no mail flows",
    )
    poll_timeout_seconds: Annotated[Whole, Field(ge=1, le=600)] = Field(
        60, description="seconds one poll may take before it counts as failed"
    )
    targets: Annotated[
        tuple[TargetSettings, ...], Field(min_length=1, max_length=10_000), Allowed("a list of targets with regions")
    ] = Field(
        description="accounts to read; default: one, the default credentials', in `AWS_REGION` or the profile's region"
    )
    metrics: (
        Annotated[
            tuple[MetricSettings, ...],
            Field(min_length=1, max_length=10_000),
            Allowed("a list of metrics, each with its name"),
        ]
        | None
    ) = Field(None, description="metrics to read; default: every account-level metric that SES has")
    sources: SourcesSettings = Field(SourcesSettings(), description="what is polled besides CloudWatch")
    aws: AwsSettings = Field(AwsSettings(), description="how AWS is called")
    web: WebSettings = Field(WebSettings(), description="what Prometheus and people connect to")
    log: LogSettings = Field(LogSettings(), description="the log on stderr")

    _dialect: Dialect = PrivateAttr(Dialect(DialectName.NATIVE))

    @property
    def dialect(self) -> Dialect:
        """What the file of another exporter asks for besides; no key of its own."""
        return self._dialect

    def with_dialect(self, dialect: Dialect) -> Self:
        """Return the same settings with *dialect*."""
        settings = self.model_copy()
        settings._dialect = dialect  # noqa: SLF001 - it is our own
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments only, so that a Settings made in code is the same on every machine."""
        return (init_settings,)
