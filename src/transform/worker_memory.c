#include "transform/worker_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "transform/worker_host.h"
#include "transform/worker_pages.h"

unsigned char pages_changed[PAGES_MOST + 8];

enum { WASM_PAGE = 65536, KEPT_MOST = 1024 /* pages */ };

struct state {
    uint32_t size, stack; /* of the memory; the engine's stack pointer */
};

static struct {
    uint32_t bytes_most;
    struct state base, now; /* now: what is laid back */
    const char **pages;     /* of what is laid back; NULL: zeros */
    char *base_bytes;
    char *kept_bytes;         /* pages that differ from the base */
    uint32_t kept[KEPT_MOST]; /* their numbers */
    uint32_t kept_count;
} memory;

static char *place_of(uint32_t page)
{
    return (char *)quickjs.w2c_memory.data + ((size_t)page << PAGES_BITS);
}

static uint32_t page_count(uint32_t size)
{
    return size >> PAGES_BITS;
}

static void lay(uint32_t page, size_t size)
{
    if (memory.pages[page] != NULL)
        memcpy(place_of(page), memory.pages[page], size);
    else
        memset(place_of(page), 0, size);
}

/* The page and what a store at its end may have changed behind it. */
static void lay_page(uint32_t page)
{
    lay(page, PAGES_SIZE);
    if (page + 1 < page_count(memory.now.size))
        lay(page + 1, PAGES_BEYOND);
}

static void set_size(uint32_t size)
{
    quickjs.w2c_memory.size = size;
    quickjs.w2c_memory.pages = size / WASM_PAGE;
}

/* What lies behind is taken away: a page that is taken again must be empty. */
static void cut(uint32_t size, uint32_t end)
{
    uint8_t *at = quickjs.w2c_memory.data + size;
    if (size >= end)
        return;
    madvise(at, end - size, MADV_DONTNEED);
    mprotect(at, end - size, PROT_NONE);
    memset(pages_changed + page_count(size), 0, page_count(end) - page_count(size));
}

static uint64_t word_of_changes(uint32_t page)
{
    uint64_t word;
    memcpy(&word, pages_changed + page, sizeof word);
    return word;
}

void memory_lay_back(void)
{
    cut(memory.now.size, quickjs.w2c_memory.size);
    for (uint32_t page = 0; page < page_count(memory.now.size); page += sizeof(uint64_t)) {
        if (word_of_changes(page) == 0)
            continue;
        for (uint32_t i = page; i < page + sizeof(uint64_t); i++) {
            if (pages_changed[i])
                lay_page(i);
        }
        memset(pages_changed + page, 0, sizeof(uint64_t));
    }
    set_size(memory.now.size);
    quickjs.w2c___stack_pointer = memory.now.stack;
}

static const char *base_page(uint32_t page)
{
    return page < page_count(memory.base.size) ? memory.base_bytes + ((size_t)page << PAGES_BITS) : NULL;
}

static void forget_kept(void)
{
    for (uint32_t i = 0; i < memory.kept_count; i++) {
        uint32_t page = memory.kept[i];
        memory.pages[page] = base_page(page);
        pages_changed[page] = 1;
    }
    memory.kept_count = 0;
    free(memory.kept_bytes);
    memory.kept_bytes = NULL;
    memory.now = memory.base;
}

void memory_lay_back_base(bool everything)
{
    forget_kept();
    if (!everything) {
        memory_lay_back();
        return;
    }
    cut(memory.base.size, memory.bytes_most);
    memcpy(quickjs.w2c_memory.data, memory.base_bytes, memory.base.size);
    memset(pages_changed, 0, page_count(memory.base.size));
    set_size(memory.base.size);
    quickjs.w2c___stack_pointer = memory.base.stack;
}

static bool differs(uint32_t page)
{
    static const char zeros[PAGES_SIZE];
    return memcmp(place_of(page), memory.pages[page] != NULL ? memory.pages[page] : zeros, PAGES_SIZE) != 0;
}

/* False when they are too many. */
static bool list_different(void)
{
    for (uint32_t page = 0; page < page_count(quickjs.w2c_memory.size); page++) {
        bool touched = pages_changed[page] || (page > 0 && pages_changed[page - 1]);
        if (!touched || !differs(page))
            continue;
        if (memory.kept_count == KEPT_MOST)
            return false;
        memory.kept[memory.kept_count++] = page;
    }
    return true;
}

bool memory_keep(void)
{
    memory.kept_bytes = list_different() ? malloc((size_t)(memory.kept_count + 1) << PAGES_BITS) : NULL;
    if (memory.kept_bytes == NULL) {
        memory.kept_count = 0;
        return false;
    }
    for (uint32_t i = 0; i < memory.kept_count; i++) {
        char *copy = memory.kept_bytes + ((size_t)i << PAGES_BITS);
        memcpy(copy, place_of(memory.kept[i]), PAGES_SIZE);
        memory.pages[memory.kept[i]] = copy;
    }
    memory.now = (struct state){(uint32_t)quickjs.w2c_memory.size, quickjs.w2c___stack_pointer};
    memset(pages_changed, 0, page_count(memory.now.size));
    return true;
}

bool memory_take_base(uint32_t memory_bytes)
{
    memory.bytes_most = memory_bytes;
    memory.base = memory.now = (struct state){(uint32_t)quickjs.w2c_memory.size, quickjs.w2c___stack_pointer};
    memory.base_bytes = malloc(memory.base.size);
    memory.pages = calloc(page_count(memory_bytes) + 1, sizeof *memory.pages);
    if (memory.base_bytes == NULL || memory.pages == NULL)
        return false;
    memcpy(memory.base_bytes, quickjs.w2c_memory.data, memory.base.size);
    for (uint32_t page = 0; page < page_count(memory.base.size); page++)
        memory.pages[page] = base_page(page);
    memset(pages_changed, 0, page_count(memory.base.size));
    return true;
}
