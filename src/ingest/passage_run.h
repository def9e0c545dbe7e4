/*
 * passage_run.h - one passage in memory, from its request to what came of it. Internal to ingest/.
 *
 * It goes round: routed at its step by the thread of the passages; given to the pool when there is a transformation; back
 * to the thread with the result as its request; written by the store when no transformation is left. Only one of them has
 * it at a time.
 */
#pragma once

#include "base/buffer.h"
#include "ingest/passages.h"
#include "ingest/program.h"
#include "ingest/routed.h"
#include "transform/exchange.h"

/* One execution of code, and what holds its result. */
struct executed {
    struct execution execution;
    struct transform_result result;
    struct executed *next;
};

struct passage_run {
    struct transform_job job;  /* first: the pool hands it back */
    struct store_job write;
    struct passages *passages;
    struct way *way;
    struct passage passage;
    struct payload *payload;   /* the request as it came; NULL: not read yet */
    struct request request;    /* as it is now */
    size_t position;           /* of the step where it is */
    struct arena arena;
    struct buffer head;        /* of the request that the code gets */
    struct shared_text *code, *env, *context;
    struct executed *first, *last;
    struct routed routed;      /* with the keys of all its way */
    struct payload *made;      /* what is delivered, when the event starts at once */
    bool leased;
    struct delivery_place place; /* leased: where the place is reserved */
    bool taken;                /* the store had the passage still: what came of it counts */
    struct passage_run *next;
};

struct passage_run *passage_run_new(struct passages *passages, struct way *way, const struct passage *passage,
                                    struct payload *payload);
void passage_run_free(struct passage_run *run);

enum passage_step { PASSAGE_ENDED, PASSAGE_TRANSFORMS };
/* Routes it at its step. PASSAGE_TRANSFORMS: run->routed.transformation_id is to be run. Needs the payload. */
enum passage_step passage_run_route(struct passage_run *run, const struct catalog_connection *connection,
                                    const struct catalog_destination *destination, int64_t now);
/* It ends as one whose transformation failed. */
void passage_run_fail(struct passage_run *run, int64_t transformation_id);
/* Fills the job; the code and the context are taken over. */
void passage_run_prepare(struct passage_run *run, const struct program *program, struct shared_text *context);
/* After the pool is done with it. False: it did not run; try later. */
bool passage_run_take(struct passage_run *run, int64_t now);

/* In the store's transaction. */
bool passage_run_write(struct passage_run *run, struct store_transaction *, struct issues *issues, int64_t now,
                       struct error *error);
