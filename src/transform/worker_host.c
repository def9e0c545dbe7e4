#include "transform/worker_host.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "transform/worker_console.h"
#include "transform/worker_hash.h"
#include "transform/worker_pages.h"

bool host_asked_outside;

/* ---- the border ---------------------------------------------------------------------------------- */

/* NULL when it does not lie in the engine's memory. */
static char *memory_at(uint32_t at, uint64_t size)
{
    return at + size <= quickjs.w2c_memory.size ? (char *)quickjs.w2c_memory.data + at : NULL;
}

void host_write(uint32_t at, const void *data, size_t size)
{
    char *to = memory_at(at, size);
    if (to == NULL || size == 0)
        return;
    pages_change(at, size);
    memcpy(to, data, size);
}

static uint32_t read_number(uint32_t at)
{
    uint32_t number = 0;
    const char *from = memory_at(at, sizeof number);
    if (from != NULL)
        memcpy(&number, from, sizeof number);
    return number;
}

uint32_t host_copy_in(struct span text)
{
    uint32_t at = QUICKJS(wasm_malloc, text.size + 1);
    if (at == 0)
        return 0;
    host_write(at, text.data, text.size);
    host_write(at + text.size, "", 1);
    return at;
}

struct span host_text(uint32_t value)
{
    uint32_t size_at = QUICKJS(wasm_malloc, (uint32_t)sizeof(uint32_t));
    uint32_t at = size_at != 0 ? QUICKJS(qjs_get_string_len, value, size_at) : 0;
    uint32_t size = at != 0 ? read_number(size_at) : 0;
    const char *data = at != 0 ? memory_at(at, size) : NULL;
    if (size_at != 0)
        QUICKJS(wasm_free, size_at);
    return data != NULL ? (struct span){data, size} : (struct span){"", 0};
}

static struct span bytes_of(uint32_t value)
{
    uint32_t size_at = QUICKJS(wasm_malloc, (uint32_t)sizeof(uint32_t));
    uint32_t at = size_at != 0 ? QUICKJS(qjs_get_array_buffer, value, size_at) : 0;
    uint32_t size = at != 0 ? read_number(size_at) : 0;
    const char *data = at != 0 ? memory_at(at, size) : NULL;
    if (size_at != 0)
        QUICKJS(wasm_free, size_at);
    return data != NULL ? (struct span){data, size} : (struct span){"", 0};
}

/* An ArrayBuffer with a copy. */
static uint32_t new_bytes(const void *data, uint32_t size)
{
    uint32_t at = host_copy_in((struct span){data, size});
    uint32_t value = at != 0 ? QUICKJS(qjs_new_array_buffer, at, size) : 0;
    if (at != 0)
        QUICKJS(wasm_free, at);
    return value;
}

/* ---- what the prelude may call ----------------------------------------------------------------------- */

/* Arguments are values; missing ones are 0. Each gives a new value. */
typedef uint32_t host_function(const uint32_t arguments[4]);

/* (level, text) */
static uint32_t host_print(const uint32_t arguments[4])
{
    double level = QUICKJS(qjs_get_float64, arguments[0]);
    if (level >= FRAME_DEBUG && level < FRAME_LEVELS)
        console_line((enum frame_level)level, host_text(arguments[1]));
    return QUICKJS(qjs_get_undefined);
}

/* (count): an ArrayBuffer of as many random bytes, 256 at most */
static uint32_t host_random(const uint32_t arguments[4])
{
    unsigned char bytes[256];
    double count = QUICKJS(qjs_get_float64, arguments[0]);
    host_asked_outside = true;
    if (!(count >= 0 && count <= sizeof bytes) || getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return QUICKJS(qjs_get_undefined);
    return new_bytes(bytes, (uint32_t)count);
}

/* (name, ArrayBuffer): an ArrayBuffer, undefined for an unknown name */
static uint32_t host_digest(const uint32_t arguments[4])
{
    unsigned char out[HASH_MOST];
    uint32_t size = hash_digest(host_text(arguments[0]), bytes_of(arguments[1]), out);
    return size > 0 ? new_bytes(out, size) : QUICKJS(qjs_get_undefined);
}

/* (name, key, ArrayBuffer) */
static uint32_t host_hmac(const uint32_t arguments[4])
{
    unsigned char out[HASH_MOST];
    uint32_t size = hash_hmac(host_text(arguments[0]), bytes_of(arguments[1]), bytes_of(arguments[2]), out);
    return size > 0 ? new_bytes(out, size) : QUICKJS(qjs_get_undefined);
}

/* (string): an ArrayBuffer of its UTF-8 */
static uint32_t host_encode(const uint32_t arguments[4])
{
    struct span text = host_text(arguments[0]);
    return new_bytes(text.data, text.size);
}

/* (ArrayBuffer of well-formed UTF-8): a string */
static uint32_t host_decode(const uint32_t arguments[4])
{
    struct span bytes = bytes_of(arguments[0]);
    uint32_t at = host_copy_in(bytes);
    return at != 0 ? QUICKJS(qjs_new_string, at, bytes.size) : 0;
}

static const struct {
    const char *name;
    host_function *call;
} FUNCTIONS[] = {
    {"print", host_print}, {"random", host_random}, {"digest", host_digest},
    {"hmac", host_hmac}, {"encode", host_encode}, {"decode", host_decode},
};
enum { FUNCTION_COUNT = sizeof FUNCTIONS / sizeof FUNCTIONS[0] };

uint32_t host_functions(void)
{
    uint32_t object = QUICKJS(qjs_new_object);
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        struct span name = {FUNCTIONS[i].name, (uint32_t)strlen(FUNCTIONS[i].name)};
        uint32_t at = host_copy_in(name);
        QUICKJS(qjs_set_prop_string, object, at, QUICKJS(qjs_new_host_function, at, name.size, 0));
    }
    return object;
}

/* ---- what the engine imports ------------------------------------------------------------------------- */

u32 Z_envZ_host_call(struct Z_env_instance_t *unused, u32 name, u32 name_size, u32 self, u32 count, u32 values)
{
    (void)unused, (void)self;
    uint32_t arguments[4] = {0};
    const char *text = memory_at(name, name_size);
    for (uint32_t i = 0; i < 4; i++)
        arguments[i] = i < count ? read_number(values + i * (uint32_t)sizeof(uint32_t)) : QUICKJS(qjs_get_undefined);
    for (size_t i = 0; text != NULL && i < FUNCTION_COUNT; i++) {
        if (name_size == strlen(FUNCTIONS[i].name) && memcmp(text, FUNCTIONS[i].name, name_size) == 0)
            return FUNCTIONS[i].call(arguments);
    }
    return QUICKJS(qjs_get_undefined);
}

/* Dates are in UTC, wherever the gateway runs. */
u32 Z_envZ_host_get_timezone_offset(struct Z_env_instance_t *unused, u32 low, u32 high)
{
    (void)unused, (void)low, (void)high;
    return 0;
}

/* There are no modules. */
u32 Z_envZ_host_module_load(struct Z_env_instance_t *unused, u32 name, u32 size)
{
    (void)unused, (void)name, (void)size;
    return 0;
}

u32 Z_envZ_host_module_normalize(struct Z_env_instance_t *unused, u32 base, u32 name)
{
    (void)unused, (void)base, (void)name;
    return 0;
}

typedef struct Z_wasi_snapshot_preview1_instance_t wasi;

u32 Z_wasi_snapshot_preview1Z_clock_time_get(wasi *unused, u32 clock, u64 precision, u32 out)
{
    struct timespec time;
    (void)unused, (void)precision;
    host_asked_outside = true;
    clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time);
    uint64_t nanoseconds = (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
    host_write(out, &nanoseconds, sizeof nanoseconds);
    return 0;
}

u32 Z_wasi_snapshot_preview1Z_random_get(wasi *unused, u32 at, u32 size)
{
    unsigned char bytes[256];
    (void)unused;
    host_asked_outside = true;
    if (size > sizeof bytes || memory_at(at, size) == NULL)
        return 28; /* EINVAL of WASI */
    if (getrandom(bytes, size, 0) != (ssize_t)size)
        return 29;
    host_write(at, bytes, size);
    return 0;
}

/* There are no files. */
enum { WASI_BAD_FILE = 8 };

u32 Z_wasi_snapshot_preview1Z_fd_close(wasi *unused, u32 file)
{
    (void)unused, (void)file;
    return WASI_BAD_FILE;
}

u32 Z_wasi_snapshot_preview1Z_fd_fdstat_get(wasi *unused, u32 file, u32 out)
{
    (void)unused, (void)file, (void)out;
    return WASI_BAD_FILE;
}

u32 Z_wasi_snapshot_preview1Z_fd_seek(wasi *unused, u32 file, u64 offset, u32 whence, u32 out)
{
    (void)unused, (void)file, (void)offset, (void)whence, (void)out;
    return WASI_BAD_FILE;
}

u32 Z_wasi_snapshot_preview1Z_fd_write(wasi *unused, u32 file, u32 vectors, u32 count, u32 out)
{
    (void)unused, (void)file, (void)vectors, (void)count, (void)out;
    return WASI_BAD_FILE;
}
