"""Faults: what AWS, the network, the clock, the machine and its people can do to the daemon, and that it harms nothing.

Each is played to the whole daemon, and `invariant.holds` checks the same of all: no value invented, no count lost or
twice, other targets untouched, memory and tasks bounded, recovery by itself, the failure visible by its right reason.

`world`: the whole daemon, real SDK included, in a world that jumps through time. `real`: the real process with sockets
under TLS, in a world whose clock runs a hundred times as fast, and one process after the other where it is ended.
`prometheus` scrapes both. `mail` is the truth.

Every test of this package in the table is held to that one function, across the ends of processes too, but for the last
two, which say what they check. What other rooms test besides, on a part of the daemon and with no mail to account for,
is not; what they alone test is named below the table, with the reason.

| fault | test |
|---|---|
| throttling for an hour | test_answers: throttling_for_an_hour |
| each error code | test_answers: every_code_of_aws; each with its HTTP status: tests/aws/test_translate |
| 500s | test_answers: server_errors, internal_errors_of_one_poll_in_three |
| refused, reset, reset in the body | test_network; the last two on the fake clock: test_answers: silence_and_cut |
| stalled, stalled after headers | test_network; test_answers: silence_and_cut |
| DNS failing, DNS hanging | test_network; hanging beside others besides: tests/aws/test_resolver |
| TLS: unknown, expired, another host | test_network |
| HTML for JSON; truncated, nested, no JSON | test_answers: an_answer_that_is_none, facts_that_are_none |
| huge | test_process: answers_without_end; the limit itself: tests/aws/test_bounded |
| duplicated, out of order | test_answers: right_in_another_form |
| partial results at each page | test_answers: partial_results_at_each_page, messages |
| a list of dimensions: ways to fail, odd entries, clashes | test_dimensions; entries: tests/sources/test_listing |
| linked accounts: ways to fail, unlinked, monitor down | test_dimensions; tests/sources/test_linked |
| NextToken repeats; never ends | test_answers: results_that_cannot_be; tokens_that_never_end |
| unknown ids, NaN, infinite, outside, future | test_answers: results_that_cannot_be_are_not_believed |
| an answer of half an hour ago | test_answers: a_replica_of_cloudwatch_that_lags |
| credentials expire | test_credentials: keys_of_a_role_that_expire |
| a region of a role that is not enabled | test_credentials: a_region_that_is_not_enabled; tests/aws/test_refused |
| rotated; revoked | test_credentials: keys_that_are_rotated; keys_that_are_revoked |
| denied for one action | test_credentials: one_action_that_is_denied (the list of dimensions too) |
| a role that cannot be assumed | test_credentials: a_role_that_cannot_be_assumed, another_external_id |
| an instance metadata service that hangs: at the start, when keys are due | test_metadata |
| STS down at start; while a role is renewed | test_credentials: sts_down_at_the_start; sts_that_is_down_while |
| late by minutes, hours, a day | test_data: mail_that_comes_late |
| revised upwards; downwards | test_data: revised_upwards; revised_downwards |
| a region never used | test_data: never_used |
| silent for 20 days | test_data: falls_silent_for_days (20 in `make soak`, 3 with a shorter age in `make test`) |
| paused and resumed | test_data: paused_and_resumed |
| clock an hour back, forward | test_clock: an_hour_off, forth_and_back |
| clock set in the middle of a poll, wrong or right again | test_clock: set_in_the_middle_of_a_poll |
| a suspended laptop | test_clock: suspended_laptop, suspended_in_the_middle_of_a_poll |
| skew against AWS's Date | test_clock: a_little_off, beyond_five_minutes |
| kill -9: starting, in a poll before and between answers, in a reload, any | test_ends (3 of 10 in `make test`) |
| SIGTERM: the same moments | test_ends |
| SIGTERM: importing, reading its file | test_ends: starting; besides tests/test_early, tests/e2e/test_whole_process |
| SIGTERM: starting, idle, twice | test_ends: starting, anything; besides tests/daemon/test_service, test_process |
| SIGTERM: a stalled poll, a name that hangs | test_ends: before_an_answer; test_network, in the end |
| SIGTERM: a reload | test_ends: reloading; besides tests/daemon/test_service, tests/e2e/test_whole_process |
| SIGTERM: an answer on its way | test_ends: anything, where it meets a scrape; each case: tests/web/test_server |
| ended in order, at many moments of a poll | test_lives: ended_at_random_moments |
| 200 reloads in a row under scrapes | test_lives; over HTTP, many at once, besides: tests/daemon/test_service |
| reloads without pause | tests/daemon/test_reload alone: who_comes_in_the_rest_shares_the_next_reload |
| a reload to a broken file | test_lives; by SIGHUP besides: tests/daemon/test_process |
| memory limit | test_process: answers_without_end |
| memory limit behind TLS and passwords | test_process: too_little_memory (`make soak`); each besides: test_aside |
| no descriptors, behind TLS; no certificate | test_process: too_few_files; each besides: test_door_trouble |
| no thread to be had | tests/test_aside alone, its users: test_door_trouble, test_reload, test_press, test_passwords |
| no memory for a look or a reload | tests/daemon alone: test_door_trouble, test_reload, test_fleet, test_linked |
| answers that cannot be read are not kept | tests/aws/test_bounded alone |
| disk full for the log; nobody reads it | test_process: a_log_that_cannot_be_written |
| stderr closed | test_ends: every life after the first; each stream besides: tests/e2e/test_whole_process |
| a simulated year | test_year: every counter and rate at each hour against the truth, memory, tasks, files |
| each data rule broken | test_mutants: a test fails |

What is not held to the invariant, as it cannot be:

- how long reloads rest, as that is not on the page; those in a row of test_lives have no rest;
- no thread to be had, as a system that has none to give has none for this world either, and root has no such limit;
- that answers which cannot be read are not kept: one of them is less than memory differs by from scrape to scrape;
- a year, as the invariant is told by requests and scrapes, and to keep those fills the memory that it measures;
- GetMetricStatistics, which the command `check` asks and no daemon: tests/commands/check/test_failures.
"""
