#include "transform/worker_engine.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quickjs.h"
#include "transform/worker_console.h"
#include "transform/worker_host.h"
#include "transform/worker_memory.h"
#include "wasm-rt-impl.h"

/* ---- the engine's memory --------------------------------------------------------------------------- */

Z_quickjs_instance_t quickjs;

struct rejections { /* promises that were rejected and that nobody has looked at yet, with their reasons */
    uint32_t count, promises[16], reasons[16];
};

static struct {
    struct engine_limits limits;
    uint32_t handle; /* of the prelude's function that runs the handler */
    timer_t timer;
    volatile sig_atomic_t timed_out, inside; /* inside: between setjmp and the end of the run, in the engine */
    struct rejections rejections, kept_rejections;
    bool kept;       /* the memory that is laid back has the code loaded */
    bool unkeepable; /* that cannot be done with the code of the last run */
    bool trapped;    /* the run was ended in the middle */
} engine;

enum { PAGE = 65536, HARD_LIMIT_MS = 100, ROOM = 1 << 20 };

void engine_reset(void)
{
    if (engine.trapped) {
        memory_lay_back_base(true);
        engine.kept = false;
    } else {
        memory_lay_back();
    }
}

/* ---- time ---------------------------------------------------------------------------------------- */

/* The first tick asks the interpreter to stop; later ones end what does not ask, wherever it is. */
static void on_tick(int signal)
{
    (void)signal;
    if (!engine.timed_out)
        engine.timed_out = 1;
    else if (engine.inside)
        wasm_rt_trap(WASM_RT_TRAP_UNREACHABLE);
}

static bool make_timer(void)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_ONSTACK | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    return sigaction(SIGPROF, &action, NULL) == 0 && timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &engine.timer) == 0;
}

/* It is left running when the run is over, as the next one sets it anew. */
static void set_timer(uint32_t ms)
{
    struct itimerspec times = {.it_interval = {0, HARD_LIMIT_MS * 1000000},
                               .it_value = {ms / 1000, (long)(ms % 1000) * 1000000}};
    timer_settime(engine.timer, 0, &times, NULL);
}

/* Asked by the interpreter now and then. */
u32 Z_envZ_host_interrupt(struct Z_env_instance_t *unused)
{
    (void)unused;
    return (u32)engine.timed_out;
}

/* ---- values of JavaScript ---------------------------------------------------------------------------- */

static uint32_t string_of(struct span text)
{
    uint32_t at = host_copy_in(text);
    uint32_t value = at != 0 ? QUICKJS(qjs_new_string, at, text.size) : 0;
    if (at != 0)
        QUICKJS(wasm_free, at);
    return value;
}

/* The value of an expression, or an exception, or 0 without memory. */
static uint32_t evaluate(struct span code, const char *name)
{
    uint32_t value = 0, at = host_copy_in(code);
    uint32_t name_at = host_copy_in((struct span){name, (uint32_t)strlen(name)});
    if (at != 0 && name_at != 0)
        value = QUICKJS(qjs_eval, at, code.size, name_at, 0);
    if (at != 0)
        QUICKJS(wasm_free, at);
    return value;
}

static bool failed(uint32_t value)
{
    return value == 0 || QUICKJS(qjs_is_exception, value) != 0;
}

/* Calls the prelude's function, which takes the number of a question first; see prelude.js. */
enum question { ASK_START, ASK_RUN, ASK_OUTCOME, ASK_HEAD, ASK_BODY, ASK_DESCRIBE };

static uint32_t ask(enum question question, const uint32_t *values, uint32_t count)
{
    uint32_t at = QUICKJS(wasm_malloc, (count + 1) * (uint32_t)sizeof(uint32_t));
    uint32_t number = QUICKJS(qjs_new_number, (double)question);
    if (at == 0 || number == 0)
        return 0;
    host_write(at, &number, sizeof number);
    host_write(at + (uint32_t)sizeof number, values, count * sizeof *values);
    uint32_t value = QUICKJS(qjs_call, engine.handle, QUICKJS(qjs_get_undefined), count + 1, at);
    QUICKJS(wasm_free, at);
    return value;
}

static struct span ask_text(enum question question)
{
    uint32_t value = ask(question, NULL, 0);
    return failed(value) ? (struct span){"", 0} : host_text(value);
}

/* ---- promises that nobody looks at ------------------------------------------------------------------- */

void Z_envZ_host_promise_rejection(struct Z_env_instance_t *unused, u32 promise, u32 reason, u32 handled)
{
    struct rejections *all = &engine.rejections;
    const uint32_t most = sizeof all->promises / sizeof all->promises[0];
    (void)unused;
    uint32_t identity = QUICKJS(qjs_get_value_ptr, promise);
    if (!handled && all->count < most) {
        all->promises[all->count] = identity;
        all->reasons[all->count++] = QUICKJS(qjs_dup_value, reason);
    }
    for (uint32_t i = 0; handled && i < all->count; i++) {
        if (all->promises[i] != identity)
            continue;
        all->count--;
        all->promises[i] = all->promises[all->count];
        all->reasons[i] = all->reasons[all->count];
    }
}

static void print_rejections(void)
{
    for (uint32_t i = 0; i < engine.rejections.count; i++) {
        uint32_t text = ask(ASK_DESCRIBE, &engine.rejections.reasons[i], 1);
        if (!failed(text))
            console_line(FRAME_ERROR, host_text(text));
    }
}

/* ---- a run --------------------------------------------------------------------------------------- */

static struct engine_result failure(enum frame_outcome outcome, const char *sentence)
{
    return (struct engine_result){.outcome = outcome, .head = {sentence, (uint32_t)strlen(sentence)}, .body = {"", 0}};
}

/* An error in a full memory may have no words of its own. */
static bool tells_of_memory(struct span text)
{
    static const char memory[] = "InternalError: out of memory", nothing[] = "thrown: null";
    bool full = quickjs.w2c_memory.pages + 16 >= quickjs.w2c_memory.max_pages;
    if (full && (text.size == 0 || (text.size == sizeof nothing - 1 && memcmp(text.data, nothing, text.size) == 0)))
        return true;
    return text.size >= sizeof memory - 1 && memcmp(text.data, memory, sizeof memory - 1) == 0;
}

static struct engine_result exception(void)
{
    uint32_t error = QUICKJS(qjs_get_exception);
    uint32_t value = error != 0 && !engine.timed_out ? ask(ASK_DESCRIBE, &error, 1) : 0;
    struct span text = failed(value) ? (struct span){"", 0} : host_text(value);
    if (engine.timed_out) /* the engine's own words are of an interruption, or none at all */
        return failure(FRAME_TIMED_OUT, "");
    if (tells_of_memory(text))
        return failure(FRAME_OUT_OF_MEMORY, "");
    if (text.size == 0)
        return failure(FRAME_THREW, "an error that cannot be shown");
    return (struct engine_result){.outcome = FRAME_THREW, .head = text, .body = {"", 0}};
}

/* Runs what promises wait for. */
static bool drain(void)
{
    while (QUICKJS(qjs_is_job_pending) && !engine.timed_out) {
        if ((int32_t)QUICKJS(qjs_execute_pending_job) < 0)
            return false;
    }
    return !engine.timed_out;
}

static struct engine_result take_result(void)
{
    struct span outcome = ask_text(ASK_OUTCOME);
    struct engine_result result = {.head = ask_text(ASK_HEAD), .body = {"", 0}};
    if (outcome.size != 2)
        return exception();
    result.outcome = (enum frame_outcome)(outcome.data[0] - '0');
    result.body_kind = (enum frame_body)(outcome.data[1] - '0');
    if (result.outcome == FRAME_DONE && result.body_kind != FRAME_BODY_NONE)
        result.body = ask_text(ASK_BODY);
    if (result.outcome != FRAME_DONE && tells_of_memory(result.head))
        return failure(FRAME_OUT_OF_MEMORY, "");
    if ((uint64_t)result.head.size + result.body.size > engine.limits.result_bytes)
        return failure(FRAME_TOO_LARGE, "");
    return engine.timed_out ? failure(FRAME_TIMED_OUT, "") : result;
}

/* Evaluates the code's top level. */
static bool load(const struct engine_request *request)
{
    host_asked_outside = false;
    engine.rejections.count = 0;
    uint32_t values[2] = {string_of(request->parts[FRAME_ENV]), string_of(request->parts[FRAME_CONTEXT])};
    return !failed(ask(ASK_START, values, 2)) &&
           !failed(evaluate(request->parts[FRAME_CODE], "transform.js")) && drain();
}

/* Not to be interrupted. */
static void keep_loaded(void)
{
    engine.inside = 0;
    engine.kept = !host_asked_outside && memory_keep();
    engine.unkeepable = !engine.kept;
    if (engine.kept) {
        console_keep();
        engine.kept_rejections = engine.rejections;
    }
    engine.inside = 1;
}

static struct engine_result run(const struct engine_request *request)
{
    if (engine.kept) {
        console_lay_back();
        engine.rejections = engine.kept_rejections;
    } else if (!load(request)) {
        return exception();
    } else if (request->same_code && !engine.unkeepable) {
        keep_loaded();
    }
    uint32_t values[3] = {string_of(request->parts[FRAME_HEAD]), QUICKJS(qjs_new_number, (double)request->body_kind),
                          string_of(request->parts[FRAME_BODY])};
    if (failed(ask(ASK_RUN, values, 3)) || !drain())
        return exception();
    print_rejections();
    return take_result();
}

struct engine_result engine_run(const struct engine_request *request)
{
    if (!request->same_code) {
        if (engine.kept)
            memory_lay_back_base(false);
        engine.kept = engine.unkeepable = false;
    }
    console_clear();
    set_timer(request->cpu_ms);
    engine.timed_out = 0;
    int trap = wasm_rt_impl_try();
    engine.trapped = trap != 0;
    if (trap != 0) {
        engine.inside = 0;
        return engine.timed_out ? failure(FRAME_TIMED_OUT, "")
                                : failure(FRAME_THREW, wasm_rt_strerror((wasm_rt_trap_t)trap));
    }
    engine.inside = 1;
    struct engine_result result = run(request);
    engine.inside = 0;
    return result;
}

/* ---- start --------------------------------------------------------------------------------------- */

/* The prelude's files each give a function of the host's functions; the first one's gives the runner. */
static const char *load_prelude(void)
{
    uint32_t host = host_functions(), at = QUICKJS(wasm_malloc, (uint32_t)sizeof host);
    host_write(at, &host, sizeof host);
    struct host_prelude prelude;
    for (size_t i = 0; (prelude = host_prelude(i)).name != NULL; i++) {
        uint32_t function = evaluate(prelude.code, prelude.name);
        uint32_t value = failed(function) ? 0 : QUICKJS(qjs_call, function, QUICKJS(qjs_get_undefined), 1, at);
        if (failed(value)) {
            struct span text = host_text(QUICKJS(qjs_get_exception));
            return text.size > 0 ? text.data : "the prelude cannot be loaded";
        }
        if (i == 0)
            engine.handle = value;
    }
    return NULL;
}

const char *engine_start(const struct engine_limits *limits)
{
    engine.limits = *limits;
    if (!make_timer())
        return "there is no timer for processor time";
    wasm_rt_init();
    Z_quickjs_init_module();
    int trap = wasm_rt_impl_try();
    if (trap != 0)
        return wasm_rt_strerror((wasm_rt_trap_t)trap);
    Z_quickjs_instantiate(&quickjs, NULL, NULL);
    quickjs.w2c_memory.max_pages = limits->memory_bytes / PAGE;
    Z_quickjsZ__initialize(&quickjs);
    if (QUICKJS(qjs_init) != 0)
        return "QuickJS does not start";
    /* The engine's stack has 1 MiB; its own default would overrun that. */
    QUICKJS(qjs_set_max_stack_size, 512 * 1024);
    QUICKJS(qjs_set_interrupt_handler, 1);
    QUICKJS(qjs_set_promise_rejection_handler, 1);
    const char *problem = load_prelude();
    if (problem != NULL)
        return problem;
    /* Room for most runs, so that the memory need not grow and be cut again for each. */
    uint32_t room = QUICKJS(wasm_malloc, ROOM);
    if (room != 0)
        QUICKJS(wasm_free, room);
    return memory_take_base(limits->memory_bytes) ? NULL : "there is no memory for a copy of the engine's";
}
