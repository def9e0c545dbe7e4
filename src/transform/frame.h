/*
 * frame.h - what the pool and its worker processes say to each other: one frame each way for a run, on a socket.
 *
 * A frame is a head and its parts one after the other. Both ends run on one machine, so numbers are in its order.
 * Each side checks the sizes against its own bounds before it reads on; the pool believes nothing else either.
 */
#pragma once

#include <stdint.h>

enum { FRAME_FD = 3, FRAME_MAGIC = 0x314c5246 };

/* What a worker is asked: JSON but for `code`, and `body` unless it is FRAME_BODY_JSON. */
enum frame_request_part {
    FRAME_CODE,
    FRAME_ENV,     /* object of strings */
    FRAME_CONTEXT, /* the second argument of the handler */
    FRAME_LOADED_PARTS, /* the parts before are loaded and may stay so for many runs */
    FRAME_HEAD = FRAME_LOADED_PARTS,    /* object of headers, path, query, parsed_query */
    FRAME_BODY,
    FRAME_REQUEST_PARTS,
};

enum frame_body { FRAME_BODY_NONE, FRAME_BODY_TEXT, FRAME_BODY_JSON };

struct frame_request {
    uint32_t magic;
    uint32_t run;       /* the answer has it too, so that none is taken for that of another run */
    uint32_t body_kind; /* frame_body */
    uint32_t cpu_ms;    /* its processor time */
    uint64_t loaded;    /* names project and parts that are loaded; when it is that of the last run they are empty */
    uint32_t sizes[FRAME_REQUEST_PARTS];
};

/* What it answers. */
enum frame_reply_part {
    FRAME_CONSOLE,      /* lines: a byte of frame_level, four bytes of size, the text */
    FRAME_RESULT_HEAD,  /* FRAME_DONE: object of headers, path, query; else a sentence about what went wrong */
    FRAME_RESULT_BODY,
    FRAME_REPLY_PARTS,
};

enum frame_outcome {
    FRAME_READY, /* the first frame of a worker */
    FRAME_UNFIT, /* instead of it: the worker cannot start */
    FRAME_DONE,
    FRAME_THREW,
    FRAME_TIMED_OUT,
    FRAME_OUT_OF_MEMORY,
    FRAME_BAD_RESULT,
    FRAME_TOO_LARGE,
};

/* In the order of their weight. */
enum frame_level { FRAME_DEBUG, FRAME_LOG, FRAME_INFO, FRAME_WARN, FRAME_ERROR, FRAME_LEVELS };

enum {
    FRAME_LINE_HEAD = 5,
    FRAME_LINE_BYTES = 8192,   /* the most that is kept of one line */
    FRAME_CONSOLE_BYTES = 49152, /* of all lines with their heads */
};

struct frame_reply {
    uint32_t magic;
    uint32_t run;       /* 0 in a worker's first frame */
    uint32_t outcome;   /* frame_outcome */
    uint32_t body_kind; /* frame_body */
    uint32_t sizes[FRAME_REPLY_PARTS];
};
