#include "deliver/outcome.h"

enum attempt_error outcome_error(enum http_failure failure)
{
    static const enum attempt_error errors[] = {
        [HTTP_OK] = ATTEMPT_ERROR_NONE,
        [HTTP_TIMEOUT] = ATTEMPT_ERROR_TIMEOUT,
        [HTTP_CONNECTION_REFUSED] = ATTEMPT_ERROR_CONNECTION_REFUSED,
        [HTTP_CONNECTION_RESET] = ATTEMPT_ERROR_CONNECTION_RESET,
        [HTTP_DNS_LOOKUP_FAILED] = ATTEMPT_ERROR_DNS_LOOKUP_FAILED,
        [HTTP_NOT_FOUND] = ATTEMPT_ERROR_NOT_FOUND,
        [HTTP_HOST_UNREACHABLE] = ATTEMPT_ERROR_HOST_UNREACHABLE,
        [HTTP_NETWORK_UNREACHABLE] = ATTEMPT_ERROR_NETWORK_UNREACHABLE,
        [HTTP_NETWORK_ERROR] = ATTEMPT_ERROR_NETWORK_ERROR,
        [HTTP_SOCKET_CLOSED] = ATTEMPT_ERROR_SOCKET_CLOSED,
        [HTTP_BAD_RESPONSE] = ATTEMPT_ERROR_BAD_RESPONSE,
        [HTTP_PROTOCOL_ERROR] = ATTEMPT_ERROR_PROTOCOL_ERROR,
        [HTTP_BAD_ENCODING] = ATTEMPT_ERROR_Z_DATA_ERROR,
        [HTTP_TOO_MANY_REDIRECTS] = ATTEMPT_ERROR_TOO_MANY_REDIRECTS,
        [HTTP_INVALID_URL] = ATTEMPT_ERROR_INVALID_URL,
        [HTTP_EGRESS_REFUSED] = ATTEMPT_ERROR_INVALID_URL,
        [HTTP_SELF_SIGNED_CERT] = ATTEMPT_ERROR_SELF_SIGNED_CERT,
        [HTTP_CERT_NAME_INVALID] = ATTEMPT_ERROR_ERR_TLS_CERT_ALTNAME_INVALID,
        [HTTP_CERT_EXPIRED] = ATTEMPT_ERROR_SSL_CERT_EXPIRED,
        [HTTP_CERT_UNKNOWN_AUTHORITY] = ATTEMPT_ERROR_SSL_ERROR_CA_UNKNOWN,
        [HTTP_CERT_ISSUER_UNKNOWN] = ATTEMPT_ERROR_UNABLE_TO_GET_ISSUER_CERT,
        [HTTP_NOT_TLS] = ATTEMPT_ERROR_ERR_SSL_WRONG_VERSION_NUMBER,
        [HTTP_CANCELLED] = ATTEMPT_ERROR_NETWORK_REQUEST_CANCELED,
        [HTTP_FAILED] = ATTEMPT_ERROR_UNKNOWN,
    };
    return errors[failure];
}

static void plan(struct event *event, int64_t next)
{
    event->next_attempt_at = next;
    event->due_at = next;
    event->next_trigger = TRIGGER_AUTOMATIC;
}

/* A user asked for it; the automatic retries go on beside it. */
static bool is_by_hand(enum attempt_trigger trigger)
{
    return trigger == TRIGGER_MANUAL || trigger == TRIGGER_BULK_RETRY;
}

static void apply_failure(struct event *event, const struct attempt *attempt, const struct retry_rule *rule,
                          struct text retry_after, int64_t now)
{
    /* Before the first attempt there is no plan to leave as it is: whoever asked for that one, it makes the plan. */
    bool by_hand = is_by_hand(attempt->trigger) && event->attempts > 1;
    event->status = EVENT_FAILED;
    if (attempt->error_code == ATTEMPT_ERROR_PAYLOAD_MISSING) {
        plan(event, 0); /* no further attempt could find it */
        return;
    }
    if (by_hand) {
        plan(event, event->next_attempt_at);
        return;
    }
    struct failed_attempt failed = {attempt->delivered_at, event->created_at, event->automatic_retries,
                                    (int)attempt->response_status, retry_after, now, event->id};
    plan(event, retry_next_at(rule, &failed));
}

void outcome_apply(struct event *event, const struct event *claimed, const struct attempt *attempt,
                   const struct retry_rule *rule, struct text retry_after, int64_t now)
{
    bool cancelled = event->status == EVENT_CANCELLED;
    bool again = event->due_at > claimed->due_at && is_by_hand(event->next_trigger);
    enum attempt_trigger again_trigger = event->next_trigger;
    int64_t again_at = event->due_at;
    event->attempts++;
    event->automatic_retries += attempt->trigger == TRIGGER_AUTOMATIC;
    event->last_attempt_at = attempt->delivered_at;
    event->updated_at = now;
    if (!cancelled || attempt->successful) {
        event->response_status = attempt->response_status;
        event->error_code = attempt->error_code;
    }
    if (attempt->successful) {
        event->status = EVENT_SUCCESSFUL;
        event->successful_at = attempt->responded_at;
        event->due_at = event->next_attempt_at = 0;
    } else if (cancelled) {
        event->due_at = event->next_attempt_at = 0; /* why it ended stays CANCELLED */
    } else {
        apply_failure(event, attempt, rule, retry_after, now);
    }
    if (again) {
        event->status = EVENT_QUEUED;
        event->due_at = again_at;
        event->next_trigger = again_trigger;
    }
}
