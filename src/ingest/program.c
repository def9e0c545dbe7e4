#include "ingest/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/transformation.h"

struct shared_text *shared_text_new(struct text text)
{
    struct shared_text *shared = memory_allocate(sizeof *shared + text.size + 1);
    char *bytes = (char *)(shared + 1);
    atomic_init(&shared->references, 1);
    if (text.size > 0)
        memcpy(bytes, text.data, text.size);
    bytes[text.size] = '\0';
    shared->text = (struct text){bytes, text.size};
    return shared;
}

struct shared_text *shared_text_reference(struct shared_text *shared)
{
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return shared;
}

void shared_text_release(struct shared_text *shared)
{
    if (shared != NULL && atomic_fetch_sub(&shared->references, 1) == 1)
        free(shared);
}

static void free_program(struct program *program)
{
    shared_text_release(program->code);
    shared_text_release(program->env);
    free(program);
}

void programs_free(struct programs *programs)
{
    struct program *program;
    size_t position = 0;
    while ((program = hash_map_next(&programs->by_id, &position)) != NULL)
        free_program(program);
    hash_map_free(&programs->by_id);
}

static struct program *read_program(struct programs *programs, int64_t project_id, int64_t id)
{
    struct arena arena = {0};
    struct transformation transformation;
    struct program *program = NULL;
    if (store_read_transformation(programs->reader, &arena, project_id, id, &transformation, NULL)) {
        program = NEW(struct program);
        *program = (struct program){shared_text_new(transformation.code), shared_text_new(transformation.env), id,
                                    transformation.updated_at};
    }
    arena_free(&arena);
    return program;
}

const struct program *programs_find(struct programs *programs, int64_t project_id, int64_t id)
{
    int64_t version;
    struct program *program = hash_map_get(&programs->by_id, id);
    bool there = store_read_transformation_version(programs->reader, project_id, id, &version, NULL);
    if (there && program != NULL && program->version == version)
        return program;
    if (program != NULL) {
        hash_map_remove(&programs->by_id, id);
        free_program(program);
    }
    program = there ? read_program(programs, project_id, id) : NULL;
    if (program == NULL)
        return NULL;
    if (programs->by_id.used >= PROGRAMS_MOST)
        programs_free(programs);
    hash_map_put(&programs->by_id, id, program);
    return program;
}
