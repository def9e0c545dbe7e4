/*
 * limits.h - every limit of the program, with its name, default and range.
 *
 * Each row is a setting of the same name (docs/configuration.md is checked against this table by a test).
 * `limits` is written once, before any thread starts, and only read afterwards.
 *
 *   X(name, default, least, most, unit, what it bounds)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define LIMITS(X)                                                                                       \
    /* receiving */                                                                                     \
    X(ingest_body_bytes, 10485760, 1, 1073741824, "bytes", "largest body of a webhook; larger ones answer 413") \
    X(api_body_bytes, 6291456, 1024, 1073741824, "bytes", "largest body of an API call")                \
    X(header_bytes, 32768, 4096, 1048576, "bytes", "request line and headers of one request together")   \
    X(header_count, 128, 8, 1024, "headers", "headers of one request")                                  \
    X(connections, 4096, 16, 1000000, "connections", "open connections from senders and API clients; a new one takes the place of the longest idle")    \
    X(idle_timeout_ms, 75000, 1000, 3600000, "ms", "a connection without traffic is closed after this")  \
    X(header_timeout_ms, 15000, 100, 3600000, "ms", "from the first byte of a request to the end of its headers") \
    X(body_timeout_ms, 60000, 100, 3600000, "ms", "from the end of the headers to the end of the body")  \
    X(bodies_in_memory_bytes, 268435456, 1048576, 68719476736, "bytes", "request bodies being received or stored at one time; more answer 503") \
    X(json_depth, 512, 16, 10000, "levels", "nesting of a JSON webhook body")                           \
    X(ingest_queue, 20000, 16, 1000000, "webhooks", "received but not yet committed; more answer 503")    \
    /* keys of senders */                                                                               \
    X(provider_keys, 512, 16, 100000, "documents", "key sets and certificates of providers that are kept; the longest unused gives way")    \
    X(provider_key_ms, 3600000, 1000, 604800000, "ms", "one is kept this long when the provider does not say") \
    X(provider_key_most_ms, 86400000, 1000, 604800000, "ms", "one is kept this long at most")            \
    X(provider_failure_ms, 10000, 100, 3600000, "ms", "one that could not be fetched is not fetched again for this long") \
    X(provider_again_ms, 60000, 100, 3600000, "ms", "a key set without the key of a request is fetched again after this") \
    X(provider_calls, 16, 1, 1000, "calls", "calls to providers at one time")                           \
    X(provider_host_calls, 4, 1, 1000, "calls", "of these, calls to one host")                          \
    X(provider_source_calls, 60, 1, 100000, "calls/minute", "fetches of keys that the requests of one source may cause") \
    X(provider_call_ms, 5000, 100, 60000, "ms", "from the start of a call to a provider to its end")     \
    X(provider_response_bytes, 65536, 1024, 16777216, "bytes", "largest answer of a provider")           \
    X(provider_waiting, 1000, 1, 100000, "webhooks", "webhooks that wait for a key at one time; more answer 503") \
    X(provider_source_waiting, 250, 1, 100000, "webhooks", "of these, webhooks of one source")           \
    X(provider_waiting_bytes, 67108864, 65536, 68719476736, "bytes", "bodies of webhooks that wait for a key; more answer 503") \
    X(provider_wait_ms, 8000, 100, 60000, "ms", "a webhook waits this long for a key, then it answers 503") \
    /* the API */                                                                                       \
    X(api_queue, 1024, 1, 100000, "calls", "API calls waiting for a worker; more answer 503")            \
    X(api_threads, 2, 1, 64, "threads", "workers that answer API calls; as many of idle priority answer lists and metrics") \
    X(api_rate_limit, 0, 0, 1000000, "calls/minute", "API calls of a key that has no rate limit of its own; 0: not limited")    \
    X(rate_buckets, 10000, 16, 1000000, "keys", "API keys that are counted at one time; the calls of more answer 429") \
    X(projects, 1000, 1, 100000, "projects", "projects of one gateway")                                 \
    X(project_keys, 1000, 1, 100000, "keys", "API keys of one project")                                 \
    X(sign_ins, 100, 1, 100000, "sign-ins", "sign-ins of hookdeck-cli that wait for their confirmation; more answer 503") \
    X(sign_in_ms, 600000, 1000, 86400000, "ms", "a sign-in that is not finished ends after this")        \
    X(api_data_bytes, 33554432, 65536, 1073741824, "bytes", "memory for the bodies that one reply shows; those beyond it are null, with is_large_payload true") \
    X(list_limit, 255, 1, 1000, "models", "largest page of a list")                                     \
    X(list_scan, 200000, 100, 100000000, "rows", "rows that one list call looks at; with more to look at the page is partial") \
    X(list_scan_bytes, 67108864, 65536, 68719476736, "bytes", "headers, queries and bodies that one list call looks into; with more the page is partial") \
    X(list_least, 500, 0, 1000000, "rows", "rows that one list call looks at however long that takes") \
    X(list_time_ms, 30, 1, 60000, "ms", "one list call looks at rows for this long; with more to look at the page is partial") \
    X(list_search_ms, 250, 1, 60000, "ms", "the same for a list that looks into headers, queries and bodies") \
    X(list_sort, 2000, 0, 1000000, "rows", "a list call takes so many matching rows from an index and sorts them, instead of walking along in order") \
    X(metric_rows, 10100, 1, 1000000, "rows", "rows of one reply of the metrics; a week by the minute has 10080") \
    X(metric_scan, 2000000, 1000, 1000000000, "rows", "counts by minute or hour that one call of the metrics looks at") \
    X(metric_sample_ms, 5000, 100, 3600000, "ms", "what waits for each destination is noted this often")  \
    X(metric_groups, 50, 0, 10000, "groups", "delivery groups of one destination whose queues are noted, the deepest ones; 0: none") \
    X(metric_minutes_days, 14, 1, 3650, "days", "counts by minute are kept this long; older ranges are exact to the hour from counts, finer from records") \
    X(metric_hours_days, 400, 1, 36500, "days", "counts by hour are kept this long")                    \
    X(bulk_operations, 100, 1, 10000, "operations", "bulk operations of one project that are open at one time") \
    X(bulk_slice, 100, 1, 500, "models", "what a bulk operation touches in one transaction")          \
    X(bulk_pause_ms, 20, 0, 60000, "ms", "between two slices of bulk operations, so that they give way to others") \
    X(array_values, 255, 1, 10000, "values", "values of one array parameter")                           \
    X(rules, 100, 1, 1000, "rules", "rules of one connection")                                          \
    X(filter_depth, 32, 1, 200, "levels", "nesting of a filter")                                        \
    X(filter_nodes, 2000, 1, 1000000, "values", "values and operators of a filter")                     \
    X(filter_steps, 1000000, 1000, 1000000000, "steps", "comparisons that a filter makes on one input; beyond it the input does not match") \
    /* the store */                                                                                     \
    X(commit_batch, 512, 1, 65536, "jobs", "jobs committed together")                                   \
    X(outcome_wait_ms, 5, 0, 1000, "ms", "a finished attempt waits this long for webhooks to share its commit") \
    X(store_queue, 50000, 64, 1000000, "jobs", "jobs waiting for the store's writer")                    \
    X(checkpoint_pages, 500, 100, 1000000, "pages", "the write-ahead log is copied back beyond this many pages") \
    X(writer_cache_kib, 8192, 512, 16777216, "KiB", "page cache of the store's writer")                 \
    X(reader_cache_kib, 1024, 128, 16777216, "KiB", "page cache of each of the store's readers")        \
    /* delivering */                                                                                    \
    X(delivery_queue, 1024, 1, 100000, "events", "events of one destination held in memory; the rest waits in the store") \
    X(delivery_queue_bytes, 16777216, 65536, 68719476736, "bytes", "payloads held in memory by all destinations together") \
    X(deliveries, 512, 1, 100000, "deliveries", "running deliveries")                                   \
    X(destination_deliveries, 64, 1, 10000, "deliveries", "running deliveries of one destination")       \
    X(delivery_timeout_ms, 60000, 10, 3600000, "ms", "from the start of a delivery to the end of the reply") \
    X(delivery_lookup_timeout_ms, 8000, 10, 3600000, "ms", "until the addresses of a destination's host are known, within the delivery's time") \
    X(delivery_connect_timeout_ms, 15000, 10, 3600000, "ms", "from then until the connection stands")    \
    X(delivery_tls_timeout_ms, 10000, 10, 3600000, "ms", "the TLS handshake; with a proxy: and the proxy's answer") \
    X(delivery_first_byte_timeout_ms, 60000, 10, 3600000, "ms", "from the sent request to the first byte of the reply") \
    X(delivery_idle_timeout_ms, 30000, 10, 3600000, "ms", "between two bytes of the reply")              \
    X(delivery_connections, 1024, 1, 1000000, "connections", "open connections to destinations; the longest idle gives way, then deliveries wait: let it be more than `deliveries`") \
    X(delivery_host_connections, 1024, 1, 1000000, "connections", "of these, those to one host and port, whosoever destinations lie there")  \
    X(delivery_streams, 100, 1, 10000, "deliveries", "at one time on one HTTP/2 connection")             \
    X(delivery_connection_idle_ms, 60000, 1000, 86400000, "ms", "a connection that was idle for longer is not used again; in whole seconds") \
    X(delivery_connection_age_ms, 300000, 1000, 86400000, "ms", "a connection that is older is not used again; in whole seconds") \
    X(delivery_lookup_cache_ms, 30000, 0, 86400000, "ms", "addresses of a host are remembered this long; in whole seconds") \
    X(delivery_redirects, 5, 0, 50, "redirects", "redirects followed in one delivery")                  \
    X(token_timeout_ms, 10000, 10, 600000, "ms", "an authorization server's whole reply")                \
    X(token_calls, 64, 1, 10000, "calls", "calls of authorization servers at one time; others wait")     \
    X(token_reply_bytes, 65536, 1024, 16777216, "bytes", "an authorization server's reply")              \
    X(token_margin_ms, 30000, 0, 3600000, "ms", "a token is renewed this long before it expires, at most a tenth of its life") \
    X(token_lifetime_ms, 3600000, 1000, 31536000000, "ms", "a token is used this long when the server does not say") \
    X(token_failure_ms, 1000, 0, 3600000, "ms", "after a failed call for a token no other is made for the same destination") \
    X(response_body_bytes, 65536, 0, 10485760, "bytes", "kept of a destination's reply; the rest is cut") \
    X(response_read_bytes, 1048576, 1024, 1073741824, "bytes", "read of a destination's reply before the connection is closed") \
    X(response_headers_kept_bytes, 16384, 0, 1048576, "bytes", "kept of the headers of a destination's reply; the rest is left out") \
    X(response_headers_bytes, 65536, 1024, 1048576, "bytes", "headers of a destination's reply, those of redirects with them; with more it is malformed") \
    X(delivery_lanes, 10000, 16, 10000000, "lanes", "delivery groups and keys of an order that are held in memory at one time; others wait in the store for their turn") \
    X(delivery_group_bytes, 256, 16, 65536, "bytes", "length of a delivery group; longer ones are told apart by a hash") \
    X(delivery_overrides, 1000, 0, 100000, "groups", "groups of a destination that have a rate of their own") \
    X(breaker_failures, 20, 0, 1000000, "failures", "in a row open the circuit breaker of a destination that says nothing else; 0: never") \
    X(breaker_lasting_ms, 10000, 0, 86400000, "ms", "when there was nothing but failures for this long") \
    X(breaker_probe_ms, 1000, 10, 3600000, "ms", "until the first probe of an open circuit breaker; each failed one doubles it") \
    X(breaker_probe_most_ms, 30000, 10, 86400000, "ms", "until any of its probes") \
    X(breaker_recovery_ms, 10000, 0, 86400000, "ms", "after a probe that was answered; without a relapse the outage is over then") \
    X(retry_after_most_ms, 3600000, 0, 86400000, "ms", "a destination's Retry-After holds back all that waits for it, at most this long") \
    X(retry_jitter_percent, 0, 0, 100, "percent", "automatic retries are made up to so much of their wait later, each by another part") \
    X(automatic_retries, 50, 0, 1000, "retries", "automatic retries of one event")                      \
    X(retry_span_ms, 604800000, 1000, 31536000000, "ms", "after this age of an event no automatic retry is planned") \
    X(unrecorded_outcomes, 5000, 1, 1000000, "attempts", "finished attempts that the store has not taken yet; beyond it no delivery starts") \
    X(shutdown_ms, 65000, 0, 3600000, "ms", "a stop waits this long for running deliveries")            \
    /* transforming */                                                                                  \
    X(transform_workers, 2, 1, 64, "processes", "sandboxed processes that run transformations which are quick") \
    X(transform_slow_workers, 1, 1, 64, "processes", "sandboxed processes of idle priority that run those which are not") \
    X(transform_quick_ms, 20, 1, 60000, "ms", "processor time of a quick run; one that needs more is run again as a slow one") \
    X(transform_queue, 1000, 1, 1000000, "runs", "transformations that wait or run; more are refused, or wait in the store") \
    X(transform_key_queue, 64, 1, 1000000, "runs", "of these, those of one connection and transformation") \
    X(transform_slow_queue, 64, 1, 1000000, "runs", "of these, those that are not quick; one connection and transformation may have an eighth of them") \
    X(transform_keys, 10000, 1, 1000000, "pairs", "connections and transformations of which is remembered how quick they were") \
    X(transform_trials, 2, 1, 64, "calls", "calls of PUT /transformations/run that are answered at one time; others wait") \
    X(passages, 256, 2, 1000000, "requests", "held in memory on their way through transformations; the others wait in the store") \
    X(passages_bytes, 67108864, 65536, 68719476736, "bytes", "memory for their requests")                 \
    X(transform_cpu_ms, 1000, 10, 60000, "ms", "processor time of one run")                             \
    X(transform_memory_bytes, 134217728, 16777216, 2147483648, "bytes", "memory of one run")            \
    X(transform_result_bytes, 10485760, 1024, 268435456, "bytes", "what one run returns, headers and body together") \
    /* issues */                                                                                        \
    X(issue_check_ms, 2000, 100, 600000, "ms", "between two looks at destinations that are behind and connections that recovered") \
    X(issue_quiet_ms, 10000, 0, 86400000, "ms", "a connection that recovered has its issues resolved after this time without a failure") \
    X(channel_queue, 256, 1, 100000, "messages", "messages to the channels of issue triggers that wait to be sent; more are dropped") \
    /* workflows */                                                                                     \
    X(workflow_document_bytes, 10485760, 1024, 1073741824, "bytes", "a workflow or OpenAPI document")    \
    X(workflow_document_depth, 128, 8, 1000, "levels", "nesting of a document")                         \
    X(workflow_aliases, 10000, 0, 1000000, "nodes", "nodes that YAML aliases may add to a document")     \
    X(workflow_steps, 10000, 1, 10000000, "steps", "steps that one run executes")                       \
    X(workflow_nesting, 16, 1, 100, "workflows", "workflows that call each other")                      \
    X(workflow_response_bytes, 16777216, 1024, 1073741824, "bytes", "a reply to a step")                \
    X(workflow_report_body_bytes, 65536, 0, 16777216, "bytes", "kept of each body in reports and archives of a run") \
    X(workflow_request_timeout_ms, 60000, 10, 3600000, "ms", "one request of a step")                   \
    X(workflow_timeout_ms, 600000, 100, 86400000, "ms", "one run")

struct limits {
#define LIMIT_FIELD(name, value, least, most, unit, meaning) int64_t name;
    LIMITS(LIMIT_FIELD)
#undef LIMIT_FIELD
};

extern struct limits limits;

struct limit_row {
    const char *name;
    int64_t value, least, most;
    const char *unit, *meaning;
    size_t offset; /* of the field in struct limits */
};

extern const struct limit_row limit_rows[];
extern const size_t limit_row_count;

/* Sets a limit by its name. ERROR_NOT_FOUND for an unknown name, ERROR_INVALID for a value out of range. */
bool limits_set(struct text name, struct text value, struct error *error);
