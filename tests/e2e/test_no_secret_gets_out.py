"""A secret is planted in every place that takes one, and everything that the process emits is searched for it."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import bcrypt
import pytest
import yaml

from tests.certificates import authority
from tests.fakes.aws import Body, Error, FakeAws, Results
from tests.processes import COMMAND, Running, environment, exporter, until

WORDS = {
    "proxy": "planted-proxy-password",
    "endpoint": "planted-endpoint-password",
    "external_id": "planted-external-id",
    "secret_key": "planted/secret+access+key",
    "token": "planted-session-token",
    "profile_key": "planted/profile+secret+key",
    "password": "planted-password-of-alice",
    "wrong": "planted-wrong-password",
    "user": "planted-password-typed-as-user",
    "bearer": "planted-bearer-token",
    "query": "planted-query-password",
    "misspelt": "planted-value-of-a-misspelt-key",
    "environ": "planted-value-of-a-misspelt-variable",
    "environ_proxy": "planted-password-of-the-proxy-in-the-environment",
    "environ_external_id": "planted-external-id/of+the+environment",
    "yace_external_id": "planted-external-id/of+yace",
    "web_identity": "planted-web-identity-token",
    "container_word": "planted-container-authorization",
    "container_file": "planted-container-authorization-in-a-file",
    "container_key": "planted/container+secret+key",
    "container_token": "planted-container-session-token",
    "process_key": "planted/process+secret+key",
    "process_token": "planted-process-session-token",
}
WAYS = {
    "us-east-1": ("secret_key", "token", "proxy"),
    "eu-west-1": ("external_id", "proxy", "environ_proxy"),
    "us-west-2": ("profile_key", "token", "proxy"),
    "eu-central-1": ("process_key", "process_token", "proxy"),
    "ap-south-1": ("container_key", "container_token", "environ_proxy"),
}
"""What AWS or a proxy learns in each region, and may repeat."""
REPEATED = {
    "AssumeRole: Throttling: ***": 1,
    "AssumeRoleWithWebIdentity: InvalidIdentityToken": 1,
    "GetAccount: AccessDenied: *** ***": 4,
    "GetMetricData: ValidationError: *** ***": 3,
    "may be incomplete: Echo: *** ***": 1,
}
ROLE = "arn:aws:iam::123456789012:role/ses-reader"
CRASHING = """
import pathlib, sys
from exporter.daemon import door, view
def rows(self): raise ZeroDivisionError("a bug in a page")
def stamp(path): raise ZeroDivisionError("a bug in a task")
view.View.rows = rows
door.stamp = stamp
from exporter.cli import main
main()
"""


@dataclass
class Plot:
    """Where the secrets are, and what of them must not be seen."""

    config: Path
    web: Path
    environ: dict[str, str]
    secrets: dict[str, str]
    key: str

    def found_in(self, text: str) -> set[str]:
        """Return the names of the secrets that are in *text*, as they are, quoted or encoded."""
        found = set()
        for name, secret in self.secrets.items():
            pair = base64.b64encode(f"alice:{secret}".encode()).decode()
            forms = (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), pair)
            found |= {name for form in forms if form in text}
        return found


@pytest.fixture
def plot(tmp_path: Path) -> Iterator[tuple[Plot, FakeAws]]:
    papers = authority(tmp_path / "ours").issue("server", "exporter")
    hashed = bcrypt.hashpw(WORDS["password"].encode(), bcrypt.gensalt(4)).decode()
    key = papers.key.read_text()
    config, web, shared = tmp_path / "config.yaml", tmp_path / "web.yml", tmp_path / "credentials"
    web.write_text(json.dumps({"basic_auth_users": {"alice": hashed}}))
    shared.write_text(
        f"[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = {WORDS['profile_key']}\n"
        f"aws_session_token = {WORDS['token']}\n"
    )
    with FakeAws() as aws:
        providers = given_by_others(tmp_path, aws)
        targets = [
            {"name": "own", "regions": ["us-east-1"]},
            {"name": "role", "regions": ["eu-west-1"], "role_arn": ROLE, "external_id": WORDS["external_id"]},
            {"name": "profile", "regions": ["us-west-2"], "profile": "other"},
            {"name": "process", "regions": ["eu-central-1"], "profile": "process"},
            {"name": "container", "regions": ["ap-south-1"], "profile": "container"},
            {"name": "web identity", "regions": ["ca-central-1"], "profile": "web"},
        ]
        proxy = aws.url.replace("http://", f"http://someone:{WORDS['proxy']}@")
        config.write_text(json.dumps({"targets": targets, "aws": {"proxy_url": proxy}, "poll_interval_seconds": 10}))
        environ = environment(
            AWS_ENDPOINT_URL="http://aws.example",
            AWS_SHARED_CREDENTIALS_FILE=str(shared),
            AWS_SECRET_ACCESS_KEY=WORDS["secret_key"],
            AWS_SESSION_TOKEN=WORDS["token"],
            AWS_SES_EXPORTER_PROBE_BASIC_AUTH=f"alice:{WORDS['password']}",
            **providers,
        )
        secrets = {**WORDS, "hash": hashed[7:], "key": key.splitlines()[2], "salt": hashed.split("$")[-1]}
        secrets |= {"head of the key": key.splitlines()[1][:8], "head of the salt": hashed[7:15]}
        yield Plot(config, web, environ, secrets, key), aws


def keys(who: str, token: str) -> str:
    """Return keys as a process or a container tells them, with *token* as the name of the session's token."""
    until_ = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    secrets = {"SecretAccessKey": WORDS[f"{who}_key"], token: WORDS[f"{who}_token"]}
    return json.dumps({"Version": 1, "AccessKeyId": f"AKID{who.upper()}", "Expiration": until_, **secrets})


def serve_container(aws: FakeAws) -> None:
    """Let *aws* answer what is asked without a signature as a container's agent does."""
    aws.fail(Body(keys("container", "Token")), operation="", times=None)


def given_by_others(folder: Path, aws: FakeAws) -> dict[str, str]:
    """Plant what a process, a container, a web identity and a proxy give or take; return the environment for it."""
    process, word, identity = (folder / name for name in ("process", "word", "identity"))
    process.write_text(keys("process", "SessionToken"))
    word.write_text(WORDS["container_file"])
    identity.write_text(WORDS["web_identity"])
    (folder / "aws").write_text(
        f"[profile process]\ncredential_process = cat {process}\n[profile container]\n"
        f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {identity}\n"
    )
    serve_container(aws)
    proxy = aws.url.replace("http://", f"http://someone:{WORDS['environ_proxy']}@")
    return {
        "AWS_CONFIG_FILE": str(folder / "aws"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/keys",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": WORDS["container_word"],
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(word),
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(identity),
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "",
    }


def echo_to_each(aws: FakeAws, external_id: str = "external_id") -> None:
    """Let AWS repeat what it learnt in each region, in errors whose text is told, and in messages of a good answer."""
    for region, names in WAYS.items():
        echo = " ".join(f"{WORDS[name]} {quote(WORDS[name], safe='')}" for name in names)
        messages = Results("Complete", messages=(("Echo", echo),))
        fault = messages if region == "us-west-2" else Error("ValidationError", echo)
        aws.fail(fault, region=region, operation="GetMetricData", times=None)
        aws.fail(Error("AccessDenied", echo, 403), region=region, operation="GetAccount", times=None)
    words = f"{WORDS[external_id]} {quote(WORDS[external_id], safe='')} {WORDS['environ_proxy']}"
    aws.fail(Error("Throttling", words), operation="AssumeRole", times=None)
    aws.fail(Error("InvalidIdentityToken", WORDS["web_identity"]), operation="AssumeRoleWithWebIdentity", times=None)


def missing(text: str) -> list[str]:
    """Return which of the errors that repeat a secret are not in *text* as often as there are ways to come to them."""
    return [sign for sign, times in REPEATED.items() if text.count(sign) < times]


def probed(plan: Plot, running: Running, password: str) -> str:
    """Return what the health check of a container says that knows *password*."""
    command = (COMMAND[0], "-m", "exporter.probe", f"http://{running.address}/-/healthy")
    environ = plan.environ | {"AWS_SES_EXPORTER_PROBE_BASIC_AUTH": f"alice:{password}"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return f"exit code {done.returncode} {done.stdout} {done.stderr}"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def answers(running: Running) -> Iterator[str]:
    """Yield all that the web says to those who may come in and to those who may not."""
    headers = [
        basic("alice", WORDS["password"]),
        basic("alice", WORDS["wrong"]),
        basic(WORDS["user"], "x"),
        f"Bearer {WORDS['bearer']}",
        "",
    ]
    for path in ("/metrics", "/", "/config", "/-/healthy", "/-/ready", f"/nothing?password={WORDS['query']}"):
        for authorization in headers:
            answer = running.get(path, authorization=authorization)
            yield f"{answer.status} {answer.headers} {answer.text}"


def status_page(running: Running) -> str:
    return running.get("/", authorization=basic("alice", WORDS["password"])).text


def of_the_process(running: Running) -> str:
    """Return what `ps` shows of it."""
    return (
        Path(f"/proc/{running.process.pid}/cmdline").read_text()
        + " "
        + Path(f"/proc/{running.process.pid}/comm").read_text()
    )


def reload(running: Running) -> str:
    answer = running.get("/-/reload", method="POST", authorization=basic("alice", WORDS["password"]))
    return f"{answer.status} {answer.text}"


def misplaced(plan: Plot) -> list[str]:
    """Return web configurations with a secret where none belongs, as a slip puts it there."""
    key = "".join(f"\n    {line}" for line in plan.key.splitlines())
    hashed = f"$2b$04${plan.secrets['salt']}"
    return [
        *(f"tls_server_config:\n  {name}: |{key}\n" for name in ("key_file", "cert_file", "client_auth_type")),
        f"tls_server_config: {WORDS['password']}\n",
        f"basic_auth_users:\n  alice:{hashed}\n",
        f"basic_auth_users:\n  alice:{WORDS['password']}\n  bob:{hashed}\n",
        f"basic_auth_users:\n  {hashed}: alice\n",
        f"basic_auth_users:\n  'alice:{WORDS['password']}': {hashed}\n",
        f"'alice:{hashed}': x\n",
    ]


def test_a_process_at_work_in_trouble_and_reloading_tells_no_secret(plot: tuple[Plot, FakeAws]) -> None:
    plan, aws = plot
    flags = (f"--config.file={plan.config}", f"--web.config.file={plan.web}", "--web.enable-lifecycle")
    good = plan.config.read_text()
    told: list[str] = []
    with exporter(*flags, "--log.level=debug", environ=plan.environ) as running:
        until(lambda: "200" in next(answers(running)))
        until(lambda: "the exporter is starting" not in "".join(answers(running)))
        told += [*answers(running), of_the_process(running)]
        echo = " ".join(plan.secrets.values())
        for fault in (Error("InvalidClientTokenId", echo, 403), Body(f"{{ {echo}")):
            aws.fail(fault, times=None)
            told += [reload(running)]
            until(lambda: 'class="failing"' in status_page(running))
            told += [*answers(running)]
            aws.heal()
            serve_container(aws)
        told += [probed(plan, running, WORDS[name]) for name in ("password", "wrong")]
        echo_to_each(aws)
        told += [reload(running)]
        until(lambda: not missing(status_page(running)), explain=lambda: missing(status_page(running)))
        told += [*answers(running)]
        broken = {
            "aws": {"proxy_url": f"http:/u:{WORDS['proxy']}@h", "endpoint_url": f"http://u:{WORDS['endpoint']}@h"},
            "external_id": WORDS["external_id"],
            "targets": [{"regions": ["us-east-1"], "external_id": [WORDS["external_id"]], "key": WORDS["misspelt"]}],
        }
        plan.config.write_text(yaml.safe_dump(broken))
        told += [reload(running)]
        plan.config.write_text(good)
        users = {"alice": plan.secrets["hash"], "bob": WORDS["password"]}
        group = {"key": plan.secrets["key"], "kee": plan.secrets["key"], "cert": plan.secrets["key"]}
        plan.web.write_text(json.dumps({"basic_auth_users": users, "tls_server_config": group}))
        told += [reload(running)]
        for text in misplaced(plan):
            plan.web.write_text(text)
            told += [reload(running)]
        running.process.send_signal(signal.SIGHUP)
        assert running.stop() == 0
        told += running.lines
        assert running.process.stdout is not None
        told += [running.process.stdout.read()]
    text = "\n".join(told)
    assert plan.found_in(text) == set()
    assert {"AKIDPROCESS", "AKIDCONTAINER", "AKIDOTHER"} <= {request.access_key for request in aws.requests}
    for sign in (
        "users.alice: must be a bcrypt hash",
        "basic_auth_users: must be a mapping",
        "key_file = <secret>: cannot be",
        "proxy_url = <secret>",
        "InvalidClientTokenId",
        "401 ",
        "exit code 0",
        "exit code 1",
        *REPEATED,
    ):
        assert sign in text, "else the search would have had nothing to search"


def test_a_crash_tells_no_secret(plot: tuple[Plot, FakeAws]) -> None:
    plan, aws = plot
    echo_to_each(aws, "environ_external_id")
    target = {"regions": ["eu-north-1"], "role_arn": ROLE, "external_id": WORDS["environ_external_id"]}
    environ = plan.environ | {"AWS_SES_EXPORTER__TARGETS": json.dumps([target])}
    flags = (f"--config.file={plan.config}", f"--web.config.file={plan.web}")
    command = (COMMAND[0], "-c", CRASHING)
    with exporter(*flags, environ=environ, command=command) as running:
        page = running.get("/", authorization=basic("alice", WORDS["password"]))
        assert page.status == 500
        assert running.process.wait(30) == 1
        until(lambda: any("stopped by a bug" in line for line in running.lines))
        text = page.text + "".join(running.lines)
    assert text.count("ZeroDivisionError: a bug in") >= 2
    assert "AssumeRole: Throttling: " in text
    assert aws.requests_of("AssumeRole")[0].body["ExternalId"] == WORDS["environ_external_id"]
    assert plan.found_in(text) == set()


def test_a_process_on_yace_s_file_tells_no_secret(plot: tuple[Plot, FakeAws], tmp_path: Path) -> None:
    plan, aws = plot
    echo_to_each(aws, "yace_external_id")
    role = {"roleArn": ROLE, "externalId": WORDS["yace_external_id"]}
    metrics = [{"name": "Send", "statistics": ["Sum"]}]
    job = {"type": "AWS/SES", "regions": ["eu-north-1"], "roles": [role], "period": 300, "length": 300}
    file = tmp_path / "yace.yml"
    file.write_text(json.dumps({"apiVersion": "v1alpha1", "discovery": {"jobs": [job | {"metrics": metrics}]}}))
    with exporter(f"--config.file={file}", environ=plan.environ) as running:
        until(lambda: "AssumeRole: Throttling: " in running.get("/").text, explain=lambda: running.lines)
        told = [running.get(path).text for path in ("/", "/config", "/metrics")]
        assert running.stop() == 0
    assert aws.requests_of("AssumeRole")[0].body["ExternalId"] == WORDS["yace_external_id"]
    assert "<secret>" in told[1]
    assert plan.found_in("\n".join([*told, *running.lines])) == set()


@pytest.mark.parametrize("good", [True, False])
def test_check_config_tells_no_secret(plot: tuple[Plot, FakeAws], good: bool) -> None:
    plan, _ = plot
    environ = plan.environ
    if not good:
        environ = environ | {"AWS_SES_EXPORTER__AWS__PROXY_UR": WORDS["environ"]}
        plan.web.write_text(f"basic_auth_users: {{alice: {plan.secrets['hash']}}}\nkey: {plan.secrets['key']}\n")
    flags = (f"--config.file={plan.config}", f"--web.config.file={plan.web}", "check-config")
    done = subprocess.run([*COMMAND, *flags], env=environ, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == (0 if good else 2), text
    assert re.search(r"Who may come in: one of 1 user, without TLS" if good else "must be a bcrypt hash", text)
    assert plan.found_in(text) == set()


def test_the_search_finds_a_secret_in_each_of_its_forms(plot: tuple[Plot, FakeAws]) -> None:
    plan, _ = plot
    for name, secret in plan.secrets.items():
        for form in (f"x{secret}x", quote(secret, safe=""), basic("alice", secret)):
            assert name in plan.found_in(form)
    assert plan.found_in("nothing") == set()
