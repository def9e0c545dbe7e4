/* The JavaScript that stands around every transformation; each file says what it gives. The runner comes first. */
#include "transform/worker_host.h"

#define PRELUDE(X) X(run) X(web) X(url) X(crypto) X(absent)

#define DECLARE(name) extern const char prelude_##name[]; extern const size_t prelude_##name##_size;
PRELUDE(DECLARE)

struct host_prelude host_prelude(size_t index)
{
#define ROW(name) {"<" #name ">", {prelude_##name, (uint32_t)prelude_##name##_size}},
    const struct host_prelude rows[] = {PRELUDE(ROW)};
    return index < sizeof rows / sizeof rows[0] ? rows[index] : (struct host_prelude){NULL, {NULL, 0}};
}
