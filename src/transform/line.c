#include "transform/line.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"

enum {
    TRIALS_MOST = 64,
    SLOW_SHARE = 8,      /* of transform_slow_queue for one line */
    AVERAGE_OVER = 16,   /* runs */
    STAY_US = 1000,      /* a line may have had so much more than the next before its process turns to that */
    HEAVY_US = 2000,     /* a line whose runs take longer gets no more than half of the processes */
    BATCH_US = 1000,     /* what is given to a process at one time takes about as long, */
    BATCH_BYTES = 65536, /* and fits into a socket */
};

/* ---- names --------------------------------------------------------------------------------------- */

void lines_name(struct transform_job *job)
{
    const struct transform_input *input = &job->input;
    const uint64_t parts[] = {(uint64_t)job->project_id, hash_map_hash(input->code), hash_map_hash(input->env),
                              hash_map_hash(input->context)};
    job->pool.code = hash_map_hash((struct text){(const char *)parts, sizeof parts});
}

static uint64_t line_id(const struct transform_job *job)
{
    return job->pool.code * 0xff51afd7ed558ccdULL + (uint64_t)job->key;
}

/* ---- lines with nothing to run ----------------------------------------------------------------------- */

static void forget(struct lines *lines, struct line *line)
{
    *(line->older != NULL ? &line->older->newer : &lines->oldest) = line->newer;
    *(line->newer != NULL ? &line->newer->older : &lines->newest) = line->older;
    line->older = line->newer = NULL;
    lines->idle--;
}

static void remember(struct lines *lines, struct line *line)
{
    line->older = lines->newest;
    *(lines->newest != NULL ? &lines->newest->newer : &lines->oldest) = line;
    lines->newest = line;
    if (++lines->idle <= limits.transform_keys)
        return;
    struct line *oldest = lines->oldest;
    forget(lines, oldest);
    hash_map_remove(&lines->by_id, (int64_t)oldest->id);
    free(oldest);
}

static bool is_idle(const struct line *line)
{
    return line->waiting == 0 && line->running == 0;
}

/* ---- turns --------------------------------------------------------------------------------------- */

static int64_t most_at_once(const struct line *line)
{
    int64_t processes = line->pace == PACE_QUICK ? limits.transform_workers : limits.transform_slow_workers;
    if (!line->known)
        return 1;
    return line->average_us > HEAVY_US && processes > 1 ? processes / 2 : INT64_MAX;
}

static void place(struct lines *lines, struct line *line)
{
    if (line->waiting > 0 && line->running < most_at_once(line))
        heap_put(&lines->heaps[line->pace], &line->node, line->served_us);
    else
        heap_remove(&lines->heaps[line->pace], &line->node);
}

static void set_pace(struct lines *lines, struct line *line, enum pace pace)
{
    if (line->pace == pace)
        return;
    heap_remove(&lines->heaps[line->pace], &line->node);
    lines->jobs[line->pace] -= line->waiting + line->running;
    lines->jobs[pace] += line->waiting + line->running;
    line->pace = pace;
    line->served_us = lines->now_us[pace];
}

static struct line *find(struct lines *lines, const struct transform_job *job)
{
    uint64_t id = line_id(job);
    struct line *line = hash_map_get(&lines->by_id, (int64_t)id);
    if (line != NULL)
        return line;
    line = NEW(struct line);
    line->id = id;
    line->last = &line->first;
    hash_map_put(&lines->by_id, (int64_t)id, line);
    remember(lines, line);
    return line;
}

/* Looked at before a line is made. */
static bool has_room(const struct lines *lines, const struct transform_job *job)
{
    if (job->key == 0)
        return lines->trials < TRIALS_MOST;
    if (lines->jobs[PACE_QUICK] + lines->jobs[PACE_SLOW] - lines->trials >= limits.transform_queue)
        return false;
    const struct line *line = hash_map_get(&lines->by_id, (int64_t)line_id(job));
    if (line == NULL)
        return true;
    int64_t jobs = line->waiting + line->running;
    if (line->pace == PACE_QUICK)
        return jobs < limits.transform_key_queue;
    int64_t share = limits.transform_slow_queue / SLOW_SHARE;
    return lines->jobs[PACE_SLOW] < limits.transform_slow_queue && jobs < (share > 0 ? share : 1);
}

bool lines_add(struct lines *lines, struct transform_job *job)
{
    if (!has_room(lines, job))
        return false;
    struct line *line = find(lines, job);
    if (is_idle(line)) {
        forget(lines, line);
        if (line->served_us < lines->now_us[line->pace])
            line->served_us = lines->now_us[line->pace];
    }
    job->pool.line = line;
    job->pool.next = NULL;
    job->pool.spent_us = 0;
    *line->last = job;
    line->last = &job->pool.next;
    line->waiting++;
    lines->jobs[line->pace]++;
    lines->trials += job->key == 0;
    place(lines, line);
    return true;
}

static struct line *line_of(struct heap_node *node)
{
    return (struct line *)node; /* its first member */
}

static struct line *choose(struct lines *lines, enum pace pace, uint64_t last)
{
    struct heap_node *first = heap_first(&lines->heaps[pace]);
    if (first == NULL)
        return NULL;
    struct line *line = line_of(first), *stay = hash_map_get(&lines->by_id, (int64_t)last);
    if (lines->now_us[pace] < line->served_us)
        lines->now_us[pace] = line->served_us;
    bool stays = stay != NULL && stay->pace == pace && stay->node.place != 0 &&
                 stay->served_us <= line->served_us + STAY_US;
    return stays ? stay : line;
}

static size_t size_of(const struct transform_input *input)
{
    return input->code.size + input->env.size + input->context.size + input->head.size + input->body.size;
}

static int64_t batch_of(const struct line *line, int64_t most)
{
    if (!line->known || line->pace == PACE_SLOW)
        return 1;
    int64_t many = BATCH_US / (line->average_us + 1);
    return many < 1 ? 1 : many < most ? many : most;
}

struct transform_job *lines_take(struct lines *lines, enum pace pace, uint64_t last, int64_t most)
{
    struct line *line = choose(lines, pace, last);
    if (line == NULL)
        return NULL;
    struct transform_job *jobs = line->first, *job = NULL;
    int64_t left = batch_of(line, most);
    size_t size = 0;
    do {
        job = line->first;
        line->first = job->pool.next;
        line->waiting--;
        line->running++;
        job->pool.charged_us = line->average_us;
        line->served_us += line->average_us;
        size += size_of(&job->input);
    } while (--left > 0 && line->first != NULL && size + size_of(&line->first->input) <= BATCH_BYTES);
    job->pool.next = NULL;
    if (line->first == NULL)
        line->last = &line->first;
    place(lines, line);
    return jobs;
}

static void leave(struct lines *lines, struct transform_job *job)
{
    struct line *line = job->pool.line;
    lines->jobs[line->pace]--;
    lines->trials -= job->key == 0;
    place(lines, line);
    if (is_idle(line))
        remember(lines, line);
}

void lines_finish(struct lines *lines, struct transform_job *job, enum pace ran_as, int64_t cpu_us)
{
    struct line *line = job->pool.line;
    line->served_us += cpu_us - job->pool.charged_us;
    line->average_us = line->known ? line->average_us + (cpu_us - line->average_us) / AVERAGE_OVER : cpu_us;
    line->known = true;
    job->pool.spent_us += cpu_us;
    const int64_t quick_us = limits.transform_quick_ms * 1000;
    if (line->pace == PACE_QUICK && cpu_us >= quick_us) {
        line->average_us = cpu_us;
        set_pace(lines, line, PACE_SLOW);
    } else if (line->pace == PACE_SLOW && ran_as == PACE_SLOW && line->average_us < quick_us / 2) {
        set_pace(lines, line, PACE_QUICK);
    }
    line->running--;
    leave(lines, job);
}

void lines_finish_later(struct lines *lines, struct transform_job *job, int64_t cpu_us)
{
    struct line *line = job->pool.line;
    const int64_t quick_us = limits.transform_quick_ms * 1000;
    set_pace(lines, line, PACE_SLOW);
    line->known = true;
    line->average_us = cpu_us > quick_us ? cpu_us : quick_us;
    job->pool.spent_us += cpu_us;
    job->pool.next = line->first;
    line->first = job;
    if (job->pool.next == NULL)
        line->last = &job->pool.next;
    line->waiting++;
    line->running--;
    place(lines, line);
}

bool lines_any(const struct lines *lines, enum pace pace)
{
    return lines->heaps[pace].size > 0;
}

bool lines_done(const struct lines *lines)
{
    return lines->jobs[PACE_QUICK] + lines->jobs[PACE_SLOW] == 0;
}

struct transform_job *lines_take_waiting(struct lines *lines)
{
    struct transform_job *jobs = NULL;
    size_t position = 0;
    struct line *line;
    while ((line = hash_map_next(&lines->by_id, &position)) != NULL) {
        *line->last = jobs;
        jobs = line->first;
        lines->jobs[line->pace] -= line->waiting;
        line->waiting = 0;
        line->first = NULL;
        line->last = &line->first;
        heap_remove(&lines->heaps[line->pace], &line->node);
    }
    return jobs;
}

void lines_free(struct lines *lines)
{
    size_t position = 0;
    struct line *line;
    while ((line = hash_map_next(&lines->by_id, &position)) != NULL)
        free(line);
    hash_map_free(&lines->by_id);
    for (int i = 0; i < PACES; i++)
        heap_free(&lines->heaps[i]);
}
