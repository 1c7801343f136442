"""The types of the configuration's values: each with its range or form, and with words for what is allowed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, Strict, StringConstraints

from exporter.config.values import (
    Allowed,
    account_text,
    dimension_choice,
    endpoint_url,
    listen_address,
    pattern,
    period,
    proxy_url,
    statistic,
    telemetry_path,
)

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Switch = Annotated[bool, Strict()]

DelaySeconds = Annotated[Whole, Field(ge=0, le=86_400)]
RangeSeconds = Annotated[Whole, Field(ge=900, le=86_400)]
MaxAgeSeconds = Annotated[Whole, Field(ge=60, le=39_312_000)]
PollIntervalSeconds = Annotated[Whole, Field(ge=10, le=3_600)]
PeriodSeconds = Annotated[
    Whole,
    Field(ge=60, le=86_400),
    AfterValidator(period),
    Allowed("a multiple of 60 from 60 to 86400 that divides a day, and whole hours when over an hour"),
]
Region = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$"),
    Allowed("the name of a region, such as us-east-1"),
]
Text = Annotated[
    str,
    # the length apart: counted in the pattern, 126 times all of Unicode takes 5 MB for each use
    StringConstraints(max_length=128, pattern=r"^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$"),
    Allowed("text of 1 to 128 characters on one line, without spaces around it"),
]
RoleArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]{0,16}:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,576}$"),
    Allowed("the ARN of a role, such as arn:aws:iam::123456789012:role/ses-reader"),
]
SessionName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@-]{2,64}$"),
    Allowed("2 to 64 letters, digits and _+=,.@-"),
]
AccountId = Annotated[
    str,
    BeforeValidator(account_text),
    StringConstraints(pattern=r"^[0-9]{12}$"),
    Allowed('an account number of 12 digits, best in quotes, such as "123456789012"'),
]
LinkedAccount = Annotated[
    str,
    BeforeValidator(account_text),
    StringConstraints(pattern=r"^([0-9]{12}|all)$"),
    Allowed('all, or an account number of 12 digits, best in quotes, such as "123456789012"'),
]
MetricName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,127}$"),
    Allowed("the name of a CloudWatch metric, such as Send or Reputation.BounceRate"),
]
Statistic = Annotated[
    str,
    AfterValidator(statistic),
    Allowed("Sum, Average, Minimum, Maximum, SampleCount, or a percentile from p0 to p100 such as p99 or p99.9"),
]
Pattern = Annotated[str, AfterValidator(pattern), Allowed("a regular expression that matches the whole value")]
DimensionChoice = Annotated[
    Any,
    AfterValidator(dimension_choice),
    Allowed("all, or dimensions each with a value, a list of values or {include: [...], exclude: [...]}"),
]
ListenAddress = Annotated[
    str,
    AfterValidator(listen_address),
    Allowed("host:port, :port for every address, or [ipv6]:port, with a port from 0 to 65535"),
]
TelemetryPath = Annotated[
    str,
    AfterValidator(telemetry_path),
    Allowed("a path such as /metrics, of letters, digits and ._~/-, but not /, /config, one under /-/ or with /../"),
]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=4_096), Allowed("the name of a file")]
EndpointUrl = Annotated[
    str,
    AfterValidator(endpoint_url),
    Allowed("an address such as http://127.0.0.1:5000, without user and password"),
]
ExternalId = Annotated[
    SecretStr, Field(min_length=2, max_length=1_224), Allowed("text of 2 to 1224 characters, in quotes when all digits")
]
ProxyUrl = Annotated[
    SecretStr,
    AfterValidator(proxy_url),
    Allowed("an address such as http://proxy:3128 or http://user:password@proxy:3128"),
]
