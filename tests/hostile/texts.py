"""Classes of hostile text for a configuration file of any dialect: each makes one variant at random.

A class is a function of a source of randomness and a dialect, and returns the bytes of a file. `REFUSED` are those of
which no variant may pass; what is in `EITHER` may be harmless by chance.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from random import Random
from typing import TypeAlias

import yaml

from tests.hostile.dialects import Dialect, changed, dumped
from tests.hostile.invariant import SECRET

Make: TypeAlias = Callable[[Random, Dialect], bytes]

SHORT: tuple[object, ...] = (None, True, -1, 1.5, 2**63, "", "x", " ", "\x7f", "a" * 300)
WRONG = (*SHORT, [], [None], {}, {"a": {"b": None}}, [[]], [{}])
HUGE = ("9" * 5_000, "-" + "9" * 400, "1e999", "1e-999", "0x7fffffffffffffff", "9" * 19, "1" + "0" * 30, "00000012")
NO_NUMBER = (".nan", ".inf", "-.INF", ".NaN", "NaN", "Infinity", "1e400", "-0.0")
DATES = ("2026-02-30", "2026-11-22T10:00:00Z", "0000-00-00", "9999-12-31 23:59:60", "12:34:56", "1:2")
LAYERS = "(" * 200 + "a" + ")*" * 200
REDOS = (
    "(a+)+$",
    "(a|a)*b",
    "(.*)*x",
    "((a{1,50}){1,50}){1,50}",
    LAYERS,
    "(?P<a>.)(?P=a)*" * 50,
    "(x+x+)+y",
    "(a*)*\\1",
)
NO_PATTERNS = ("[", "(?", "a{99999999999}", "\\", "(?<=a+)b", "[[:alpha:]]+", "a**")
LOOKALIKE = str.maketrans("aceopxiSR_-", "\u0430\u0441\u0435\u043e\u0440\u0445\u0456\u0405\u0280\uff3f\u2010")
TAGS = (
    "!!python/object:os.system",
    "!!python/object/apply:os.system [id]",
    "!!binary aGk=",
    "!!set {a}",
    "!x",
    "!!timestamp 2026-01-01",
)
"""The tags that make Python objects are those of PyYAML's unsafe loaders."""
SPACES = ("\t", "\r", "\r\n", "\n\r", "\x85", "\u2028", "\u00a0", "\u200b", "\ufeff")


def _somewhere(rng: Random, dialect: Dialect, new: object) -> str:
    return dumped(changed(dialect.tree, rng.choice(dialect.places()), new))


def _written(rng: Random, dialect: Dialect, text: str) -> bytes:
    """Return the good file with *text*, as it is, in place of a value."""
    return _somewhere(rng, dialect, "HERE").replace("HERE", text, 1).encode("utf-8", "surrogatepass")


def wrong_types(rng: Random, dialect: Dialect) -> bytes:
    return _somewhere(rng, dialect, rng.choice(WRONG)).encode()


def huge_numbers(rng: Random, dialect: Dialect) -> bytes:
    return _written(rng, dialect, rng.choice(HUGE))


def no_numbers(rng: Random, dialect: Dialect) -> bytes:
    return _written(rng, dialect, rng.choice(NO_NUMBER))


def dates(rng: Random, dialect: Dialect) -> bytes:
    return _written(rng, dialect, rng.choice(DATES))


def alias_bombs(rng: Random, dialect: Dialect) -> bytes:
    width, depth = rng.randint(5, 12), rng.randint(6, 25)
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    return ("\n".join(lines) + "\n" + dialect.text()).encode()


def aliases_of_themselves(rng: Random, dialect: Dialect) -> bytes:
    name = rng.choice(["a", "b" * rng.randint(1, 50)])
    form = rng.choice(["&{0} [*{0}]", "&{0} {{x: *{0}}}", "&{0} {{<<: *{0}}}", "&{0} {{? [*{0}] : 1}}", "*{0}"])
    return _written(rng, dialect, form.format(name))


def merges(rng: Random, dialect: Dialect) -> bytes:
    keys = ", ".join(f"k{n}: {n}" for n in range(rng.randint(1, 400)))
    times = ", ".join(["*m"] * rng.randint(1, 800))
    form = rng.choice([f"<<: [{times}]", "<<: [[*m]]", "<<: x", "<<: [1]", "<<: {<<: *m}"])
    return f"m: &m {{{keys}}}\n{form}\n{dialect.text()}".encode()


def deep(rng: Random, dialect: Dialect) -> bytes:
    depth = rng.choice([33, 100, 1_000, 50_000])
    opening, closing = rng.choice(["[]", ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[{a: ", "}]")])
    return _written(rng, dialect, opening * depth + closing * rng.choice([0, depth]))


def keys_twice(rng: Random, dialect: Dialect) -> bytes:
    name = rng.choice(list(dialect.tree))
    return (dialect.text() + dumped({name: rng.choice(WRONG)})).encode()


def tags(rng: Random, dialect: Dialect) -> bytes:
    return _written(rng, dialect, rng.choice(TAGS))


def control_characters(rng: Random, dialect: Dialect) -> bytes:
    text = dialect.text()
    place = rng.randrange(len(text))
    return (text[:place] + chr(rng.choice([0, 1, 7, 8, 11, 27, 127, 0x9B])) + text[place:]).encode()


def byte_order_marks(rng: Random, dialect: Dialect) -> bytes:
    mark = rng.choice([codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF8 * 2])
    coding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be", codecs.BOM_UTF32_LE: "utf-32-le"}
    return mark * rng.randint(1, 3) + dialect.text().encode(coding.get(mark, "utf-8"))


def other_codings(rng: Random, dialect: Dialect) -> bytes:
    return (dialect.text() + "# ä€\n").encode(rng.choice(["utf-16-le", "utf-16-be", "utf-32-be", "cp1252", "utf-7"]))


def no_utf8(rng: Random, dialect: Dialect) -> bytes:
    data = dialect.text().encode()
    place = rng.randrange(len(data))
    bad = rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80"])
    return data[:place] + bad + data[place:]


def surrogates(rng: Random, dialect: Dialect) -> bytes:
    return _written(
        rng, dialect, rng.choice(['"\\ud800"', '"\\udfff\\ud800"', '"\\uD83D"', '"\\U0000dead"', '"\\U00110000"'])
    )


def line_ends(rng: Random, dialect: Dialect) -> bytes:
    space = rng.choice(SPACES)
    text = dialect.text()
    return text.replace(rng.choice(["\n", "  ", " "]), space, rng.randint(1, 40)).encode()


def cut_short(rng: Random, dialect: Dialect) -> bytes:
    data = dialect.text().encode()
    return data[: rng.randrange(len(data))]


def bytes_changed(rng: Random, dialect: Dialect) -> bytes:
    data = bytearray(dialect.text().encode())
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def too_large(rng: Random, dialect: Dialect) -> bytes:
    fill = rng.choice([b"#", b"\n", b" ", b"a", b"\x00", b"- "])
    return dialect.text().encode() + fill * (2**20 // len(fill) + rng.randint(0, 1_000))


def documents(rng: Random, dialect: Dialect) -> bytes:
    mark = rng.choice(["---\n", "...\n---\n", "--- |\n", "%YAML 9.9\n---\n"])
    return (dialect.text() + mark * rng.randint(1, 5) + dialect.text()).encode()


def long_keys_and_values(rng: Random, dialect: Dialect) -> bytes:
    text = rng.choice(["x", "@", "é", "\\x07", "/", "%", "{", "*"]) * rng.choice([1_000, 30_000, 200_000])
    key = rng.choice(["x", "_", "\\x07"]) * rng.choice([200, 1_000, 30_000])
    if rng.random() < 0.5:
        return f'{dialect.text()}? "{key}"\n: 1\n'.encode()
    return _written(rng, dialect, f'"{text}"')


def look_alikes(rng: Random, dialect: Dialect) -> bytes:
    name = rng.choice(list(dialect.tree))
    return dialect.text().replace(name, name.translate(LOOKALIKE)).encode()


def endless_patterns(rng: Random, dialect: Dialect) -> bytes:
    places = [loc for loc in dialect.places() if {"include", "exclude", "aws_dimension_select_regex"} & {*loc}]
    loc = rng.choice(places or dialect.places())
    pattern = rng.choice(REDOS + NO_PATTERNS)
    return dumped(changed(dialect.tree, loc, rng.choice([pattern, [pattern]]))).encode()


def secrets_in_bad_places(rng: Random, dialect: Dialect) -> bytes:
    named = ("external_id", "externalId", "proxy_url", "alice", "basic_auth_users", "key", "cert", "client_ca")
    places = [loc for loc in dialect.places() if loc[-1] in named]
    address = f"http://{rng.choice(['user:', 'user:1/', ''])}{SECRET}@host"
    places += [loc for loc in dialect.places() if str(loc[-1]).endswith("_url")]
    places += [("tls_server_config", name) for name in ("key", "cert", "client_ca") if "rate_limit" in dialect.tree]
    value = rng.choice([[SECRET], {"a": SECRET}, f"{SECRET}\n", [[SECRET]], [{SECRET: 1}], address])
    if places and str(places[0][-1]).endswith("_url"):
        value = address
    return _shuffled(rng, changed(dialect.tree, rng.choice(places), value) if places else {"secret": SECRET})


def no_mappings(rng: Random, dialect: Dialect) -> bytes:
    tree = rng.choice([[dialect.tree], "text", 1, [1, 2], True, dialect.text(), {1: 2}, {None: 1}, {True: 1}])
    return dumped(tree).encode()


def many_mistakes(rng: Random, dialect: Dialect) -> bytes:
    number = rng.choice([101, 300])
    form = rng.choice(["k{0}: 1", "metrics{0}: []", "regions{0}: {{}}", "targets{0}:"])
    return (dialect.text() + "\n".join(form.format(n) for n in range(number))).encode()


def unknown_keys(rng: Random, dialect: Dialect) -> bytes:
    loc = rng.choice([(), *(loc[:-1] for loc in dialect.places() if isinstance(loc[-1], str))])
    name = rng.choice(["unknown", "Regions", "__proto__", "", "a.b", "[0]", "é", "\u202e", "0", "metrics "])
    return dumped(changed(dialect.tree, (*loc, name), 1)).encode()


def _shuffled(rng: Random, tree: object) -> bytes:
    style = rng.choice([None, True, False])
    text: str = yaml.safe_dump(tree, default_flow_style=style, sort_keys=rng.random() < 0.5)
    return text.encode()


REFUSED: tuple[Make, ...] = (
    aliases_of_themselves,
    alias_bombs,
    control_characters,
    deep,
    documents,
    keys_twice,
    look_alikes,
    many_mistakes,
    no_mappings,
    no_utf8,
    tags,
    too_large,
    unknown_keys,
)
EITHER: tuple[Make, ...] = (
    byte_order_marks,
    bytes_changed,
    cut_short,
    dates,
    endless_patterns,
    huge_numbers,
    line_ends,
    long_keys_and_values,
    merges,
    no_numbers,
    other_codings,
    secrets_in_bad_places,
    surrogates,
    wrong_types,
)
