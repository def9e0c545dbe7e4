#include "model/model.h"

#include <stddef.h>

struct name_row {
    int number;
    const char *name;
};

static const struct name_row REJECTIONS[] = {
    {REJECTION_SOURCE_DISABLED, "SOURCE_DISABLED"},
    {REJECTION_NO_CONNECTION, "NO_CONNECTION"},
    {REJECTION_VERIFICATION_FAILED, "VERIFICATION_FAILED"},
    {REJECTION_UNSUPPORTED_HTTP_METHOD, "UNSUPPORTED_HTTP_METHOD"},
    {REJECTION_UNSUPPORTED_CONTENT_TYPE, "UNSUPPORTED_CONTENT_TYPE"},
    {REJECTION_UNPARSABLE_JSON, "UNPARSABLE_JSON"},
    {REJECTION_PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"},
    {REJECTION_INGESTION_FATAL, "INGESTION_FATAL"},
    {REJECTION_UNKNOWN, "UNKNOWN"},
};

static const struct name_row IGNORED[] = {
    {IGNORED_DISABLED, "DISABLED"},
    {IGNORED_FILTERED, "FILTERED"},
    {IGNORED_TRANSFORMATION_FAILED, "TRANSFORMATION_FAILED"},
    {IGNORED_CLI_DISCONNECTED, "CLI_DISCONNECTED"},
    {IGNORED_DUPLICATE, "DUPLICATE"},
};

static const struct name_row STATUSES[] = {
    {EVENT_SCHEDULED, "SCHEDULED"}, {EVENT_QUEUED, "QUEUED"}, {EVENT_HOLD, "HOLD"},
    {EVENT_SUCCESSFUL, "SUCCESSFUL"}, {EVENT_FAILED, "FAILED"}, {EVENT_CANCELLED, "CANCELLED"},
};

static const struct name_row TRIGGERS[] = {
    {TRIGGER_INITIAL, "INITIAL"}, {TRIGGER_AUTOMATIC, "AUTOMATIC"}, {TRIGGER_MANUAL, "MANUAL"},
    {TRIGGER_BULK_RETRY, "BULK_RETRY"}, {TRIGGER_UNPAUSE, "UNPAUSE"},
};

#define ATTEMPT_ERROR_ROW(number, name) {number, #name},
static const struct name_row ERRORS[] = {ATTEMPT_ERRORS(ATTEMPT_ERROR_ROW)};

static const struct name_row DESTINATIONS[] = {
    {DESTINATION_HTTP, "HTTP"}, {DESTINATION_CLI, "CLI"}, {DESTINATION_MOCK_API, "MOCK_API"},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static const char *name_of(const struct name_row *rows, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number)
            return rows[i].name;
    }
    return NULL;
}

static bool number_of(const struct name_row *rows, size_t count, struct text name, int64_t *number)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(text_of(rows[i].name), name)) {
            *number = rows[i].number;
            return true;
        }
    }
    return false;
}

const char *rejection_cause_name(enum rejection_cause cause)
{
    return name_of(REJECTIONS, COUNT(REJECTIONS), (int)cause);
}

const char *ignored_cause_name(enum ignored_cause cause)
{
    return name_of(IGNORED, COUNT(IGNORED), (int)cause);
}

const char *event_status_name(enum event_status status)
{
    return name_of(STATUSES, COUNT(STATUSES), (int)status);
}

const char *attempt_trigger_name(enum attempt_trigger trigger)
{
    return name_of(TRIGGERS, COUNT(TRIGGERS), (int)trigger);
}

const char *attempt_error_name(enum attempt_error error)
{
    return name_of(ERRORS, COUNT(ERRORS), (int)error);
}

const char *destination_type_name(enum destination_type type)
{
    return name_of(DESTINATIONS, COUNT(DESTINATIONS), (int)type);
}

bool rejection_cause_parse(struct text name, int64_t *cause)
{
    return number_of(REJECTIONS, COUNT(REJECTIONS), name, cause);
}

bool ignored_cause_parse(struct text name, int64_t *cause)
{
    return number_of(IGNORED, COUNT(IGNORED), name, cause);
}

bool event_status_parse(struct text name, int64_t *status)
{
    return number_of(STATUSES, COUNT(STATUSES), name, status);
}

bool attempt_error_parse(struct text name, int64_t *error)
{
    return number_of(ERRORS, COUNT(ERRORS), name, error);
}

bool destination_type_parse(struct text name, int64_t *type)
{
    return number_of(DESTINATIONS, COUNT(DESTINATIONS), name, type);
}
