"""Faults: what AWS, the network, the clock, the machine and its people can do to the daemon, and that it harms nothing.

Each is played to the whole daemon, and `invariant.holds` checks the same of all: no value invented, no count lost or
twice, other targets untouched, memory and tasks bounded, recovery by itself, the failure visible by its right reason.

`world`: the whole daemon, real SDK included, in a world that jumps through time. `real`: the real process with sockets
under TLS, in a world whose clock runs a hundred times as fast. `prometheus` scrapes both. `mail` is the truth.

| fault | test |
|---|---|
| throttling for an hour | test_answers: throttling_for_an_hour |
| each error code | test_answers: every_code_of_aws; each with its HTTP status: tests/aws/test_translate |
| 500s | test_answers: server_errors, internal_errors_of_one_poll_in_three |
| refused, reset, reset in the body | test_network; the last two on the fake clock: test_answers: silence_and_cut |
| stalled, stalled after headers | test_network; test_answers: silence_and_cut |
| DNS failing, DNS hanging | test_network; hanging beside others: tests/aws/test_resolver |
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
| an instance metadata service that hangs | test_metadata |
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
| kill -9 at random moments of a poll | test_process: killed_at_random_moments; more of them: test_lives |
| SIGTERM: importing, reading its file | tests/test_early; tests/e2e/test_whole_process |
| SIGTERM: starting, idle, twice | tests/daemon/test_service, tests/daemon/test_process |
| SIGTERM: a stalled poll, a name that hangs | tests/e2e/test_whole_process; test_network |
| SIGTERM: a reload | tests/daemon/test_service, tests/e2e/test_whole_process |
| SIGTERM: an answer on its way | tests/web/test_server |
| 200 reloads in a row under scrapes | test_lives; over HTTP, many at once: tests/daemon/test_service |
| reloads without pause | tests/daemon/test_reload: who_comes_in_the_rest_shares_the_next_reload |
| a reload to a broken file | test_lives; by SIGHUP: tests/daemon/test_process |
| memory limit | test_process: answers_without_end |
| memory limit behind TLS and passwords | test_process: too_little_memory_behind (`make soak`); each: test_aside |
| no descriptors, behind TLS; a certificate that is gone | test_process: too_few_files (`make soak`); each: test_door |
| no thread to be had | tests/test_aside, and where it is used: test_door, test_reload, test_press, test_passwords |
| no memory for a look or a reload | tests/daemon: test_door, test_reload, test_fleet |
| answers that cannot be read are not kept | tests/aws/test_bounded |
| disk full for the log; nobody reads it | test_process: a_log_that_cannot_be_written |
| stderr closed | tests/e2e/test_whole_process: started_without_a_standard_stream |
| a simulated year | test_year |
| each data rule broken | test_mutants |

GetMetricStatistics is asked by the command `check` alone: tests/commands/check/test_failures.
"""
