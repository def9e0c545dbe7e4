#include "trial.h"

#include <stdatomic.h>
#include <time.h>

#include "clock.h"
#include "process.h"
#include "sink_page.h"
#include "stop.h"

#define TRIAL_POLL_NS (5 * (long)CLOCK_MS_NS)
#define TRIAL_LOST_LISTED 20u
#define TRIAL_MIB (1024.0 * 1024.0)

void trial_report_load(struct report *report, const char *key, const struct load_result *result)
{
    double seconds =
        result->last_ack_ns ? clock_to_seconds(result->last_ack_ns - result->first_send_ns) : 0.0;
    report_open(report, key, '{');
    report_count(report, "sent", result->sent);
    report_count(report, "acked", result->acked);
    report_count(report, "non_2xx", result->non_2xx);
    report_count(report, "last_non_2xx", (uint64_t)result->last_non_2xx);
    report_count(report, "errors", result->lost + result->timeouts + result->malformed);
    report_count(report, "errors_lost", result->lost);
    report_count(report, "errors_timeout", result->timeouts);
    report_count(report, "errors_malformed", result->malformed);
    report_count(report, "connect_failures", result->connect_failures);
    report_truth(report, "gave_up", result->gave_up);
    report_number(report, "seconds", seconds);
    report_number(report, "acks_per_s", (double)result->acked / seconds);
    report_histogram(report, "ack_ms", &result->ack);
    report_histogram(report, "lag_ms", &result->lag);
    report_number(report, "cpu_s", clock_to_seconds(result->cpu_ns));
    report_close(report, '}');
}

static void trial_sleep(uint64_t span_ns)
{
    struct timespec span = {.tv_sec = (time_t)(span_ns / CLOCK_SECOND_NS),
                            .tv_nsec = (long)(span_ns % CLOCK_SECOND_NS)};
    nanosleep(&span, NULL);
}

/* Waits until the sink has as many webhooks as were acked or has got no new one for drain_s. */
static void trial_drain(const struct trial_plan *plan, const struct tally *tally, uint64_t acked)
{
    uint64_t patience_ns = clock_from_seconds(plan->drain_s);
    uint64_t unique = atomic_load(&tally->unique);
    uint64_t progress_ns = clock_now_ns();
    while (unique < acked && clock_now_ns() - progress_ns < patience_ns && !stop_requested()) {
        trial_sleep(TRIAL_POLL_NS);
        uint64_t now_unique = atomic_load(&tally->unique);
        if (now_unique != unique)
            progress_ns = clock_now_ns();
        unique = now_unique;
    }
    trial_sleep(clock_from_seconds(plan->settle_s));
}

static uint64_t trial_report_lost(struct report *report, const struct load_result *result,
                                  const struct tally_run *run)
{
    uint64_t lost = 0;
    report_open(report, "lost_first", '[');
    for (uint64_t sequence = 0; sequence < result->sent; sequence++) {
        if (!bitmap_has(&result->acked_set, sequence) || (run && bitmap_has(&run->seen, sequence)))
            continue;
        if (lost++ < TRIAL_LOST_LISTED)
            report_count(report, NULL, sequence);
    }
    report_close(report, ']');
    report_count(report, "lost", lost);
    return lost;
}

static void trial_report_process(struct report *report, const struct process_usage *before,
                                 const struct process_usage *after, double webhooks)
{
    uint64_t cpu_us = after->cpu_us - before->cpu_us;
    uint64_t written = after->written_bytes - before->written_bytes;
    report_open(report, "process", '{');
    report_number(report, "cpu_s", (double)cpu_us / 1e6);
    report_number(report, "cpu_us_per_webhook", (double)cpu_us / webhooks);
    report_number(report, "resident_mib", (double)after->resident_bytes / TRIAL_MIB);
    report_number(report, "peak_resident_mib", (double)after->peak_resident_bytes / TRIAL_MIB);
    report_count(report, "written_bytes", written);
    report_number(report, "written_bytes_per_webhook", (double)written / webhooks);
    report_close(report, '}');
}

static uint64_t trial_report(const struct trial_plan *plan, const struct sink *sink,
                             const struct load_result *result, struct report *report)
{
    const struct tally_run *run = tally_find(sink_tally(sink), plan->load.run);
    trial_report_load(report, "send", result);
    report_open(report, "sink", '{');
    sink_page_stats(sink_tally(sink), NULL, report);
    report_number(report, "cpu_s", clock_to_seconds(sink_cpu_ns(sink)));
    report_close(report, '}');
    double seconds =
        run && run->last_ns ? clock_to_seconds(run->last_ns - result->first_send_ns) : 0.0;
    report_number(report, "seconds", seconds);
    report_number(report, "deliveries_per_s", seconds > 0 ? (double)run->unique / seconds : 0.0);
    return trial_report_lost(report, result, run);
}

bool trial_run(const struct trial_plan *plan, struct sink *sink, struct report *report,
               uint64_t *lost, struct fault *fault)
{
    struct load_result result = {0};
    struct process_usage before;
    struct process_usage after;
    if (plan->pid && !process_read(plan->pid, &before))
        return fault_set(fault, "process %d cannot be read in /proc", (int)plan->pid);
    if (!sink_start(sink, fault))
        return false;
    bool began = load_send(&plan->load, &result, fault);
    if (began) {
        trial_drain(plan, sink_tally(sink), result.acked);
        bool alive = plan->pid && process_read(plan->pid, &after);
        sink_stop(sink);
        *lost = trial_report(plan, sink, &result, report);
        if (alive)
            trial_report_process(report, &before, &after,
                                 (double)atomic_load(&sink_tally(sink)->unique));
    }
    load_result_free(&result);
    return began;
}
