#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct tally_run *tally_find(const struct tally *tally, const char *run)
{
    for (unsigned i = 0; i < tally->run_count; i++)
        if (strcmp(tally->runs[i]->name, run) == 0)
            return tally->runs[i];
    return NULL;
}

static struct tally_run *tally_run_of(struct tally *tally, const char *name)
{
    for (unsigned i = 0; i < tally->run_count; i++)
        if (strcmp(tally->runs[i]->name, name) == 0)
            return tally->runs[i];
    if (tally->run_count == TALLY_RUNS_MAX)
        return NULL;
    struct tally_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    snprintf(run->name, sizeof run->name, "%s", name);
    tally->runs[tally->run_count++] = run;
    return run;
}

void tally_record(struct tally *tally, const char *body, size_t length, bool accepted,
                  uint64_t now_ns)
{
    struct token token;
    struct tally_run *run =
        token_find(body, length, &token) ? tally_run_of(tally, token.run) : NULL;
    if (!run || token.sequence >= BITMAP_MAX) {
        tally->unknown++;
        return;
    }
    if (!accepted) {
        run->rejected++;
        return;
    }
    if (bitmap_has(&run->seen, token.sequence)) {
        run->duplicates++;
        return;
    }
    if (!bitmap_add(&run->seen, token.sequence)) {
        tally->unknown++;
        return;
    }
    if (!run->unique++)
        run->first_ns = now_ns;
    run->last_ns = now_ns;
    histogram_add(&run->latency, now_ns > token.send_ns ? now_ns - token.send_ns : 0);
    atomic_fetch_add_explicit(&tally->unique, 1, memory_order_relaxed);
}

void tally_reset(struct tally *tally)
{
    for (unsigned i = 0; i < tally->run_count; i++) {
        bitmap_free(&tally->runs[i]->seen);
        free(tally->runs[i]);
    }
    tally->run_count = 0;
    tally->unknown = 0;
    atomic_store(&tally->unique, 0);
}
