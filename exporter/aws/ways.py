"""A way in: the credentials that one or more targets share, who they are, and the STS calls that this takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.credentials import ReadOnlyCredentials

from exporter.aws.credentials import RoleCredentials, RoleKeys
from exporter.aws.flight import SingleFlight
from exporter.aws.observer import Tap, signed_with
from exporter.aws.sessions import Session, SessionFactory
from exporter.aws.translate import shown, translated
from exporter.config.settings import TargetSettings
from exporter.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidResponseError,
    OtherSourceError,
    SourceError,
)

if TYPE_CHECKING:
    from types_aiobotocore_sts import STSClient

STS_REGIONS_A_TRY = 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Way:
    """What makes two targets share credentials."""

    profile: str | None = None
    role_arn: str | None = None
    session_name: str = ""
    external_id: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, target: TargetSettings) -> Way:
        """Return the way into *target*; without a role, what is only said for a role does not count."""
        if target.role_arn is None:
            return cls(target.profile)
        external_id = target.external_id.get_secret_value() if target.external_id else None
        return cls(target.profile, target.role_arn, target.session_name, external_id)


class WayIn:
    """The sessions of one way in, had when first needed, so that a wrong profile harms no other target."""

    def __init__(self, way: Way, factory: SessionFactory, clock: Callable[[], float]) -> None:
        """Make nothing yet; *clock* is in unix seconds."""
        self._way = way
        self._factory = factory
        self._clock = clock
        self._taps: dict[str, Tap] = {}
        self._sessions: tuple[Session, Session] | None = None
        self._account_id: str | None = None
        self._whoami = SingleFlight(self._get_caller_identity)

    def serve(self, region: str, tap: Tap) -> None:
        """Allow STS to be asked in *region*; *tap* hears of it."""
        self._taps.setdefault(region, tap)

    async def client(self, service: str, region: str) -> AbstractAsyncContextManager[Any]:
        """Return a new client of *service*, to be entered; no network.

        Raises:
            BotoCoreError: the SDK's configuration cannot be used, the profile is not there for example.
        """
        session = self._session()
        await session.loader.warm_up()
        create: Any = session.create_client
        made: AbstractAsyncContextManager[Any] = create(
            service, region_name=region, endpoint_url=self._factory.endpoint_url, config=self._factory.config
        )
        return made

    async def account_id(self) -> str:
        """Return the account of the credentials, asking STS until it has answered once, once at a time.

        Raises:
            SourceError: STS did not tell.
        """
        return self._account_id or await self._whoami()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What requests carry that must not be told, should an answer repeat it."""
        keys = [secret for session in self._sessions or () for secret in session.lazy_credentials.secrets]
        return (self._way.external_id or "", *self._factory.secrets, *keys)

    def accepted(self, region: str) -> None:
        """Note that AWS took the keys in *region*."""
        self._session().lazy_credentials.accepted(region)

    def refused(self, error: Exception | None, region: str) -> None:
        """Look for other keys where *error* is AWS's refusal of these in *region*."""
        for session in (self._sessions or ())[:1]:
            session.lazy_credentials.refused(signed_with(error), region, self._clock())

    async def aclose(self) -> None:
        """Cancel what is under way."""
        await self._whoami.aclose()
        for session in self._sessions or ():
            await session.lazy_credentials.aclose()

    def _session(self) -> Session:
        """Return the session of the credentials that are asked for."""
        return self._opened()[0]

    def _base(self) -> Session:
        """Return the session that a role is assumed from; without a role the same one."""
        return self._opened()[1]

    def _opened(self) -> tuple[Session, Session]:
        if self._sessions is None:
            session = base = self._factory.session(self._way.profile)
            if self._way.role_arn is not None:
                session = base.signing_with(RoleCredentials(self._assume_role, self._clock))
            self._sessions = (session, base)
        return self._sessions

    async def _get_caller_identity(self) -> str:
        async def ask(sts: STSClient) -> str:
            answer = await sts.get_caller_identity()
            account_id = answer.get("Account", "")
            if len(account_id) != len("123456789012") or not account_id.isdecimal():
                raise InvalidResponseError("GetCallerIdentity: the answer holds no account")
            return account_id

        self._account_id = await self._ask_sts(self._session, "GetCallerIdentity", ask)
        return self._account_id

    async def _assume_role(self) -> RoleKeys:
        request: dict[str, Any] = {"RoleArn": self._way.role_arn, "RoleSessionName": self._way.session_name}
        if self._way.external_id is not None:
            request["ExternalId"] = self._way.external_id

        async def ask(sts: STSClient) -> RoleKeys:
            asked_at = self._clock()
            got = (await sts.assume_role(**request))["Credentials"]
            keys = ReadOnlyCredentials(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])
            return RoleKeys(keys, asked_at, got["Expiration"].timestamp())

        try:
            return await self._ask_sts(self._base, "AssumeRole", ask)
        except (AccessDeniedError, OtherSourceError) as error:
            raise CredentialsError(f"the role cannot be assumed: {error}") from error

    async def _ask_sts(
        self, session: Callable[[], Session], operation: str, ask: Callable[[STSClient], Awaitable[T]]
    ) -> T:
        """Ask STS in the region that answered last, then in another: a dead region must not take the others along."""
        failure: SourceError | None = None
        for region in list(self._taps)[:STS_REGIONS_A_TRY]:
            tap = self._taps[region]
            try:
                return await self._ask_sts_in(region, tap, session, operation, ask)
            except AccessDeniedError:
                raise
            except SourceError as error:  # credentials too: a region that is not enabled refuses any
                failure = failure or error
                self._taps[region] = self._taps.pop(region)  # to the end of the order
        raise failure or OtherSourceError(f"{operation}: no region to ask")

    async def _ask_sts_in(
        self,
        region: str,
        tap: Tap,
        session: Callable[[], Session],
        operation: str,
        ask: Callable[[STSClient], Awaitable[T]],
    ) -> T:
        answers = tap.answers
        through: Session | None = None
        try:
            through = session()
            await through.loader.warm_up()
            async with through.create_client(
                "sts", region_name=region, endpoint_url=self._factory.endpoint_url, config=self._factory.sts_config
            ) as sts:
                tap.listen(sts.meta.events)
                answer = await ask(sts)
                through.lazy_credentials.accepted(region)
                return answer
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises becomes one of ours
            answered = tap.answers > answers
            ours = translated(error, operation=operation, region=region, answered=answered, secrets=self.secrets)
            tap.failed(operation, ours.reason)
            if through is not None and isinstance(ours, AccessDeniedError | CredentialsError):  # others may assume it
                through.lazy_credentials.refused(signed_with(error), region, self._clock())
            raise ours from shown(error, ours, self.secrets)
