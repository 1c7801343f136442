"""Hostile input: what a careless or ill-willed person can hand to the exporter, and that it harms nothing.

`invariant.harmless` is the same for all: a few readable lines that name file, key, value and what is allowed, or a 4xx
or a closed connection; no traceback, no secret. `world` adds, of the real process: the page is what it was, nothing is
in the log, and memory is bounded over the whole run. Variants are made at random from a fixed seed, some 1 400 in
`make test`, twenty times as many from new seeds in `make soak`.

Text of a configuration file, eight variants in each of the four dialects (native, cloudwatch_exporter, YACE, web):
test_configuration with the class of `texts`.

| class | test |
|---|---|
| wrong types at every key | wrong_types |
| huge numbers; NaN and infinity; dates | huge_numbers; no_numbers; dates |
| billion laughs; an alias of itself; merge keys | alias_bombs; aliases_of_themselves; merges |
| nested deeply | deep |
| a key twice; unknown keys; hundreds of mistakes | keys_twice; unknown_keys; many_mistakes |
| tags, !!python/object too | tags |
| NUL and control characters | control_characters |
| byte order marks; UTF-16, UTF-32, UTF-7 | byte_order_marks; other_codings |
| bytes that are no UTF-8; lone surrogates | no_utf8; surrogates |
| CRLF, tabs and other white space | line_ends |
| cut short; bytes changed; empty or no mapping | cut_short; bytes_changed; no_mappings |
| over 1 MiB; several documents | too_large; documents |
| very long keys and values | long_keys_and_values |
| letters that look alike | look_alikes |
| patterns that never end | endless_patterns |
| secrets where they do not belong | secrets_in_bad_places |

Files: test_files: folder, pipe, socket, device, loop of links, vanished, names too long or with NUL, in
place of a configuration and of a certificate; a file that changes while it is read; a key in place of its file's name.
Environment: test_environment: wrong kinds for each variable, no UTF-8, huge, unknown and empty names, a thousand of
them, secrets in addresses.

| flags: class | test_flags |
|---|---|
| unknown; repeated; without value | _unknown; _repeated; _without_value |
| odd, huge and undecodable values; switches with values | _odd_values; _switches_with_values |
| dashes alone; commands that are none; mixtures | _dashes; _commands; _mixtures |
| argv of the real process that is no UTF-8 | the_process_says_in_a_line |

| HTTP: class | test_http, with the class of `requests` |
|---|---|
| methods; paths; 64 kB of path | methods; targets; long_targets |
| heads of 64 kB; ten thousand headers; broken header lines | long_heads; many_headers; header_lines |
| ten thousand `name[]` | many_names |
| Accept, Accept-Encoding, Range | accepts |
| versions of HTTP; pipelining | versions; pipelines |
| bodies on GET; bad chunks, trailers | bodies_on_get; chunks |
| request smuggling | smuggling |
| websocket and h2c; Expect: 100-continue | upgrades; expectations |
| Basic auth | passwords; with users: hostile_passwords_are_refused |
| all of these through TLS, from who knows a password | of_who_knows_a_password_come_through_tls |
| bodies of a reload; crowds that ask for one and wait, or hang up | reload_bodies; a_crowd_that_asks_for_reloads |
| half a request; noise; bytes changed | halves; noise; bytes_changed |
| TLS to a plain port; plain and broken TLS to TLS | tls_to_a_plain_port; hostile_handshakes, no_tls_after_a_good |
| slow clients: silent, half a head, body, chunk, handshake; never read | a_crowd_of_one_kind, a_crowd_of_handshakes |
| floods of connections | a_crowd_of_one_kind (through TLS too with SOAK=1), connections_that_come_and_go |
| crowds that never read a page of 3 MB, whole, filtered, through TLS | test_large |

What only a clock of its own or a look inside shows, such as readers who stop in the middle of an answer, is in
tests/web/test_protocol; 500 slow clients under curl in tests/e2e/test_who_may_come_in.
"""
