"""Sessions of the SDK: one for each way in, all with one data loader, one TLS context and our own timestamp parser."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any, Self, TypeAlias
from urllib.request import getproxies

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from exporter.aws.answers import ParserFactory
from exporter.aws.credentials import ChainCredentials
from exporter.aws.http import make_http_session_class
from exporter.aws.models import ModelLoader, model_loader
from exporter.aws.redaction import passwords
from exporter.aws.resolver import Resolver
from exporter.aws.timestamps import parse_timestamp
from exporter.config.settings import AwsSettings

STS_MAX_ATTEMPTS = 2
STS_MAX_SECONDS = 5.0
USER_AGENT = "aws-ses-exporter"


LoaderFor: TypeAlias = Callable[[str | None], ModelLoader]
"""Gives the loader for a search path (AWS_DATA_PATH), always the same for the same one."""


class Session(AioSession):
    """The SDK's session, except that making a client looks up no credentials: they are fetched when one signs."""

    def __init__(self, profile: str | None, loader_for: LoaderFor) -> None:
        """Use *profile* (None: the SDK's choice), and the loader for where it has the SDK's data files."""
        super().__init__(profile=profile)
        self.loader = loader_for(self.get_config_variable("data_path"))
        self.register_component("data_loader", self.loader)
        self.register_component("response_parser_factory", ParserFactory())
        self.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_timestamp)
        self.lazy_credentials: Any = ChainCredentials(self.load_chain)

    def signing_with(self, credentials: Any) -> Self:
        """Return a session that signs with *credentials* and shares all else, as making that takes 10 ms and 0.3 MB."""
        twin = copy.copy(self)
        twin.lazy_credentials = credentials
        return twin

    async def get_credentials(self) -> Any:  # type: ignore[override]  # the stubs leave it as it is in botocore
        """Return what signs the requests, without network."""
        return self.lazy_credentials

    async def load_chain(self) -> Any:
        """Walk the SDK's own chain, with its files as they are now; None when it finds nothing.

        The SDK reads its configuration once, and its chain keeps the keys of the roles that it assumed.
        """
        self._config = self._profile_map = None
        return await self._create_credential_resolver().load_credentials()  # type: ignore[attr-defined]  # not in the stubs


class SessionFactory:
    """Makes sessions and holds what they share."""

    def __init__(self, settings: AwsSettings, resolver: Resolver, loader_for: LoaderFor | None = None) -> None:
        """Prepare client configurations from *settings*, with *resolver* for names of hosts; reads nothing.

        *loader_for* gives the data loaders, else the sessions made here share one of their own.
        """
        self.endpoint_url = settings.endpoint_url
        http_session_class = make_http_session_class()
        proxy = settings.proxy_url.get_secret_value() if settings.proxy_url else None
        self.secrets = passwords({**getproxies(), "aws": proxy or ""})
        """Passwords of proxies, of the configuration and of the environment."""

        def config(attempts: int, connect_seconds: float, read_seconds: float) -> AioConfig:
            return AioConfig(
                http_session_cls=http_session_class,
                connector_args={"resolver": resolver},
                retries={"mode": "standard", "total_max_attempts": attempts},
                connect_timeout=connect_seconds,
                read_timeout=read_seconds,
                proxies={"http": proxy, "https": proxy} if proxy else None,
                use_fips_endpoint=settings.use_fips or None,  # None: as AWS_USE_FIPS_ENDPOINT says
                user_agent_appid=USER_AGENT,
                parameter_validation=False,  # a fifth of a poll's time, for requests that only our own code makes
            )

        self.config = config(settings.max_attempts, settings.connect_timeout_seconds, settings.read_timeout_seconds)
        # STS answers for every region of a way in, so it must be given up early enough to ask another region's.
        self.sts_config = config(
            min(settings.max_attempts, STS_MAX_ATTEMPTS),
            min(settings.connect_timeout_seconds, STS_MAX_SECONDS),
            min(settings.read_timeout_seconds, STS_MAX_SECONDS),
        )
        self._sessions: dict[str | None, Session] = {}
        self._loader_for = loader_for or cache(model_loader)

    def session(self, profile: str | None) -> Session:
        """Return the session of *profile*; all share the data loader.

        Raises:
            BotoCoreError: the SDK's configuration cannot be used, the profile is not there for example; the next try
                reads the files anew.
        """
        if profile not in self._sessions:
            session = Session(profile, self._loader_for)
            session.get_scoped_config()  # raises now when the profile is not there
            self._sessions[profile] = session
        return self._sessions[profile]
