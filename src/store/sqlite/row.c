#include "store/sqlite/row.h"

static int64_t integer(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

void row_project(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct project *)out = (struct project){
        .id = integer(s, 0), .created_at = integer(s, 1), .updated_at = integer(s, 2), .deleted_at = integer(s, 3),
        .name = column_text(arena, s, 4), .signing_secret = column_text(arena, s, 5),
        .previous_secret = column_text(arena, s, 6), .previous_until = integer(s, 7)};
}

void row_domain(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct domain *)out = (struct domain){
        .id = integer(s, 0), .project_id = integer(s, 1), .created_at = integer(s, 2),
        .hostname = column_text(arena, s, 3)};
}

void row_source(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct source *)out = (struct source){
        .id = integer(s, 0), .project_id = integer(s, 1), .disabled_at = integer(s, 2), .deleted_at = integer(s, 3),
        .created_at = integer(s, 4), .updated_at = integer(s, 5), .token = column_text(arena, s, 6),
        .name = column_text(arena, s, 7), .description = column_text(arena, s, 8), .type = column_text(arena, s, 9),
        .config = column_text(arena, s, 10)};
}

void row_destination(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct destination *)out = (struct destination){
        .id = integer(s, 0), .project_id = integer(s, 1), .type = (enum destination_type)integer(s, 2),
        .disabled_at = integer(s, 3), .deleted_at = integer(s, 4), .created_at = integer(s, 5),
        .updated_at = integer(s, 6), .name = column_text(arena, s, 7), .description = column_text(arena, s, 8),
        .config = column_text(arena, s, 9)};
}

void row_connection(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct connection *)out = (struct connection){
        .id = integer(s, 0), .project_id = integer(s, 1), .source_id = integer(s, 2), .destination_id = integer(s, 3),
        .disabled_at = integer(s, 4), .paused_at = integer(s, 5), .deleted_at = integer(s, 6),
        .created_at = integer(s, 7), .updated_at = integer(s, 8), .name = column_text(arena, s, 9),
        .description = column_text(arena, s, 10), .rules = column_text(arena, s, 11)};
}

void row_request(struct arena *arena, sqlite3_stmt *s, void *out)
{
    struct request *request = out;
    *request = (struct request){
        .id = integer(s, 0), .project_id = integer(s, 1), .source_id = integer(s, 2), .ingested_at = integer(s, 3),
        .verified = integer(s, 4) != 0, .rejection_cause = (enum rejection_cause)integer(s, 5),
        .events_count = integer(s, 6), .cli_events_count = integer(s, 7), .ignored_count = integer(s, 8),
        .updated_at = integer(s, 9)};
    if (sqlite3_column_count(s) < 15)
        return;
    request->method = column_text(arena, s, 10);
    request->path = column_text(arena, s, 11);
    request->query = column_text(arena, s, 12);
    request->headers = column_text(arena, s, 13);
    request->body = column_text(arena, s, 14);
}

void row_event(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct event *)out = (struct event){
        .id = integer(s, 0), .project_id = integer(s, 1), .request_id = integer(s, 2), .connection_id = integer(s, 3),
        .source_id = integer(s, 4), .destination_id = integer(s, 5), .status = (enum event_status)integer(s, 6),
        .due_at = integer(s, 7), .next_attempt_at = integer(s, 8), .next_trigger = (enum attempt_trigger)integer(s, 9),
        .attempts = integer(s, 10), .automatic_retries = integer(s, 11), .last_attempt_at = integer(s, 12),
        .successful_at = integer(s, 13), .response_status = integer(s, 14),
        .error_code = (enum attempt_error)integer(s, 15), .created_at = integer(s, 16), .updated_at = integer(s, 17),
        .bulk_id = integer(s, 18), .execution_id = integer(s, 19), .lane = integer(s, 20),
        .delivery_group = arena != NULL ? column_text(arena, s, 21) : TEXT_NONE};
}

void row_attempt(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct attempt *)out = (struct attempt){
        .id = integer(s, 0), .project_id = integer(s, 1), .event_id = integer(s, 2), .destination_id = integer(s, 3),
        .successful = integer(s, 4) != 0, .attempt_number = integer(s, 5),
        .trigger = (enum attempt_trigger)integer(s, 6), .response_status = integer(s, 7),
        .error_code = (enum attempt_error)integer(s, 8), .delivered_at = integer(s, 9), .responded_at = integer(s, 10),
        .delivery_latency_ms = integer(s, 11), .response_latency_ms = integer(s, 12),
        .requested_url = column_text(arena, s, 13), .method = column_text(arena, s, 14),
        .body = column_text(arena, s, 15), .content_type = column_text(arena, s, 16), .bulk_id = integer(s, 17),
        .response_headers = column_text(arena, s, 18)};
}

void row_ignored_event(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct ignored_event *)out = (struct ignored_event){
        .id = integer(s, 0), .request_id = integer(s, 1), .connection_id = integer(s, 2),
        .cause = (enum ignored_cause)integer(s, 3), .meta = column_text(arena, s, 4)};
}
