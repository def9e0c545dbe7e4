/* Retry rules, their status expressions, and what a destination's Retry-After may hold. */
#include "fuzz.h"

#include "base/limits.h"
#include "rules/retry.h"

static void check_expression(struct text text)
{
    struct status_range range;
    struct error error = {0};
    if (status_range_parse(text, &range, &error))
        MUST(range.first >= 200 && range.first <= 600 && range.last >= 199 && range.last <= 599);
    else
        MUST(error.code == ERROR_INVALID && error.message[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text text = {(const char *)bytes, size};
    struct retry_rule rule;
    check_expression(text);
    delay_rule_read(text);
    if (!retry_rule_read(text, &rule, NULL))
        rule = (struct retry_rule){.strategy = RETRY_EXPONENTIAL, .interval_ms = 1000, .count = 50};
    MUST(rule.range_count >= 0 && rule.range_count <= RETRY_EXPRESSIONS);
    for (int64_t retries = 0; retries <= limits.automatic_retries; retries += 7) {
        struct failed_attempt failed = {.started_at = 1000, .event_created_at = 1000, .automatic_retries = retries,
                                        .status = 503, .retry_after = text, .now = 2000};
        int64_t next = retry_next_at(&rule, &failed);
        MUST(next == 0 || (next >= failed.now && next <= failed.event_created_at + limits.retry_span_ms));
    }
    return 0;
}
