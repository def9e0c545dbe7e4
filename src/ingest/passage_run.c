#include "ingest/passage_run.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/memory.h"
#include "store/execution.h"
#include "store/passage.h"

/* ---- a run --------------------------------------------------------------------------------------- */

struct passage_run *passage_run_new(struct passages *passages, struct way *way, const struct passage *passage,
                                    struct payload *payload)
{
    struct passage_run *run = NEW(struct passage_run);
    run->passages = passages;
    run->way = way;
    run->passage = *passage;
    run->payload = payload;
    run->position = (size_t)passage->position;
    if (payload != NULL)
        run->request = payload->request;
    return run;
}

/* What the code was given. */
static void drop_input(struct passage_run *run)
{
    shared_text_release(run->code);
    shared_text_release(run->env);
    shared_text_release(run->context);
    run->code = run->env = run->context = NULL;
    buffer_clear(&run->head);
}

void passage_run_free(struct passage_run *run)
{
    drop_input(run);
    for (struct executed *executed = run->first; executed != NULL; executed = executed->next)
        transform_result_free(&executed->result);
    payload_release(run->payload);
    payload_release(run->made);
    buffer_free(&run->head);
    arena_free(&run->arena);
    free(run);
}

/* The keys of a stretch of the way behind those of the stretches before. */
static void add_keys(struct passage_run *run, struct routed *routed)
{
    size_t count = run->routed.key_count + routed->key_count;
    struct deduplicate_key *keys = run->routed.keys;
    if (routed->key_count > 0 && run->routed.key_count > 0) {
        keys = ARENA_ARRAY(&run->arena, struct deduplicate_key, count);
        memcpy(keys, run->routed.keys, run->routed.key_count * sizeof *keys);
        memcpy(keys + run->routed.key_count, routed->keys, routed->key_count * sizeof *keys);
    } else if (routed->key_count > 0) {
        keys = routed->keys;
    }
    routed->keys = keys;
    routed->key_count = count;
}

enum passage_step passage_run_route(struct passage_run *run, const struct catalog_connection *connection,
                                    const struct catalog_destination *destination, int64_t now)
{
    struct routed routed;
    const struct route route = {
        .request = &run->request, .connection = connection, .destination = destination,
        .content = route_looks(connection) ? content_of(&run->request) : NULL, .arena = &run->arena,
        .from = run->position, .now = now, .bulk_id = run->passage.bulk_id, .remade = run->passage.remade};
    route_connection(&route, &routed);
    add_keys(run, &routed);
    run->routed = routed;
    if (routed.end == ROUTED_PASSAGE) {
        run->position = (size_t)routed.passage.position;
        return PASSAGE_TRANSFORMS;
    }
    if (routed.end == ROUTED_EVENT && run->last != NULL)
        run->routed.event.execution_id = run->last->execution.id;
    return PASSAGE_ENDED;
}

void passage_run_fail(struct passage_run *run, int64_t transformation_id)
{
    char id[ID_TEXT_SIZE];
    id_format(ID_TRANSFORMATION, transformation_id, id);
    routed_ignore(&run->routed, run->passage.request_id, IGNORED_TRANSFORMATION_FAILED,
                  text_of(arena_printf(&run->arena, "{\"transformation_id\":\"%s\"}", id)));
}

void passage_run_prepare(struct passage_run *run, const struct program *program, struct shared_text *context)
{
    run->code = shared_text_reference(program->code);
    run->env = shared_text_reference(program->env);
    run->context = context;
    run->job.project_id = run->passage.project_id;
    run->job.key = run->passage.connection_id;
    run->job.input = (struct transform_input){
        .code = run->code->text, .env = run->env->text, .context = context->text};
    exchange_give(&run->job.input, content_of(&run->request), &run->request, &run->head);
}

bool passage_run_take(struct passage_run *run, int64_t now)
{
    int64_t transformation_id = run->routed.transformation_id;
    drop_input(run);
    if (run->job.result.outcome == TRANSFORM_UNAVAILABLE) {
        transform_result_free(&run->job.result);
        return false;
    }
    struct executed *executed = ARENA_NEW(&run->arena, struct executed);
    *executed = (struct executed){
        .result = run->job.result,
        .execution = {.id = id_new(), .project_id = run->passage.project_id, .transformation_id = transformation_id,
                      .connection_id = run->passage.connection_id, .request_id = run->passage.request_id,
                      .original_id = run->last != NULL ? run->last->execution.id : 0, .created_at = now}};
    exchange_take(&run->arena, &executed->result, &executed->execution);
    if (run->last != NULL)
        run->last->next = executed;
    else
        run->first = executed;
    run->last = executed;
    if (executed->execution.has_result) {
        execution_apply(&executed->execution, &run->request);
        run->position++;
    } else {
        passage_run_fail(run, transformation_id);
    }
    return true;
}

/* ---- written ------------------------------------------------------------------------------------- */

static bool write_executions(struct passage_run *run, struct store_transaction *transaction, struct issues *issues,
                             struct error *error)
{
    for (struct executed *executed = run->first; executed != NULL; executed = executed->next) {
        if (!issues_execution(issues, transaction, &executed->execution, error) ||
            !store_insert_execution(transaction, &executed->execution, error))
            return false;
    }
    return true;
}

bool passage_run_write(struct passage_run *run, struct store_transaction *transaction, struct issues *issues, int64_t now,
                       struct error *error)
{
    if (!store_delete_passage(transaction, run->passage.id, &run->taken, error))
        return false;
    if (!run->taken || run->payload == NULL) /* another did it, or its request is gone */
        return true;
    if (!routed_settle(transaction, &run->routed, now, error) || !write_executions(run, transaction, issues, error) ||
        !routed_insert(transaction, &run->routed, run->leased, error))
        return false;
    bool event = run->routed.end == ROUTED_EVENT;
    return store_add_request_counts(transaction, run->passage.request_id, event, 0, !event, now, error);
}
