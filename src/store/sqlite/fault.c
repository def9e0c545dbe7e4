#include "store/sqlite/fault.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum fault_kind { FAULT_NONE, FAULT_IOERR, FAULT_FULL, FAULT_TORN };

static struct {
    enum fault_kind kind;
    int64_t first, count; /* count < 0: all from the first on */
    _Atomic int64_t operations;
    char trigger[512]; /* operations fail while this file is there; empty: first and count say which */
    char report[512];
    sqlite3_vfs *inner;
    sqlite3_vfs outer;
    bool registered;
} fault;

/* The inner file's memory follows the struct. */
struct fault_file {
    sqlite3_file base;
    sqlite3_file *inner;
};

static sqlite3_file *inner(sqlite3_file *file)
{
    return ((struct fault_file *)file)->inner;
}

static bool is_hit(int64_t number)
{
    if (fault.kind == FAULT_NONE)
        return false;
    if (fault.trigger[0] != '\0')
        return access(fault.trigger, F_OK) == 0;
    return number >= fault.first && (fault.count < 0 || number < fault.first + fault.count);
}

/* SQLITE_OK, or what this operation must answer. */
static int next_operation(int io_code)
{
    int64_t number = atomic_fetch_add(&fault.operations, 1) + 1;
    return !is_hit(number) ? SQLITE_OK : fault.kind == FAULT_FULL ? SQLITE_FULL : io_code;
}

static int fault_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    int code = next_operation(SQLITE_IOERR_WRITE);
    if (code == SQLITE_OK)
        return inner(file)->pMethods->xWrite(inner(file), bytes, size, offset);
    if (fault.kind == FAULT_TORN) {
        inner(file)->pMethods->xWrite(inner(file), bytes, size / 2, offset);
        kill(getpid(), SIGKILL);
    }
    return code;
}

static int fault_sync(sqlite3_file *file, int flags)
{
    int code = next_operation(SQLITE_IOERR_FSYNC);
    if (code != SQLITE_OK && fault.kind == FAULT_TORN)
        kill(getpid(), SIGKILL);
    return code == SQLITE_OK ? inner(file)->pMethods->xSync(inner(file), flags) : code;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = next_operation(SQLITE_IOERR_TRUNCATE);
    if (code != SQLITE_OK && fault.kind == FAULT_TORN)
        kill(getpid(), SIGKILL);
    return code == SQLITE_OK ? inner(file)->pMethods->xTruncate(inner(file), size) : code;
}

/* The rest is passed on as it is. */
static int pass_close(sqlite3_file *f) { return inner(f)->pMethods ? inner(f)->pMethods->xClose(inner(f)) : SQLITE_OK; }
static int pass_read(sqlite3_file *f, void *b, int n, sqlite3_int64 o) { return inner(f)->pMethods->xRead(inner(f), b, n, o); }
static int pass_size(sqlite3_file *f, sqlite3_int64 *n) { return inner(f)->pMethods->xFileSize(inner(f), n); }
static int pass_lock(sqlite3_file *f, int l) { return inner(f)->pMethods->xLock(inner(f), l); }
static int pass_unlock(sqlite3_file *f, int l) { return inner(f)->pMethods->xUnlock(inner(f), l); }
static int pass_check(sqlite3_file *f, int *r) { return inner(f)->pMethods->xCheckReservedLock(inner(f), r); }
static int pass_control(sqlite3_file *f, int o, void *a) { return inner(f)->pMethods->xFileControl(inner(f), o, a); }
static int pass_sector(sqlite3_file *f) { return inner(f)->pMethods->xSectorSize(inner(f)); }
static int pass_traits(sqlite3_file *f) { return inner(f)->pMethods->xDeviceCharacteristics(inner(f)); }
static int pass_shm_map(sqlite3_file *f, int p, int s, int e, void volatile **m) { return inner(f)->pMethods->xShmMap(inner(f), p, s, e, m); }
static int pass_shm_lock(sqlite3_file *f, int o, int n, int l) { return inner(f)->pMethods->xShmLock(inner(f), o, n, l); }
static void pass_shm_barrier(sqlite3_file *f) { inner(f)->pMethods->xShmBarrier(inner(f)); }
static int pass_shm_unmap(sqlite3_file *f, int d) { return inner(f)->pMethods->xShmUnmap(inner(f), d); }

static const sqlite3_io_methods METHODS = {
    .iVersion = 2, .xClose = pass_close, .xRead = pass_read, .xWrite = fault_write, .xTruncate = fault_truncate,
    .xSync = fault_sync, .xFileSize = pass_size, .xLock = pass_lock, .xUnlock = pass_unlock,
    .xCheckReservedLock = pass_check, .xFileControl = pass_control, .xSectorSize = pass_sector,
    .xDeviceCharacteristics = pass_traits, .xShmMap = pass_shm_map, .xShmLock = pass_shm_lock,
    .xShmBarrier = pass_shm_barrier, .xShmUnmap = pass_shm_unmap,
};

static int fault_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    struct fault_file *outer = (struct fault_file *)file;
    outer->base.pMethods = NULL;
    outer->inner = (sqlite3_file *)(void *)(outer + 1);
    outer->inner->pMethods = NULL;
    int code = fault.inner->xOpen(fault.inner, name, outer->inner, flags, out_flags);
    if (outer->inner->pMethods != NULL)
        outer->base.pMethods = &METHODS;
    return code;
}

static enum fault_kind kind_of(struct text name)
{
    return text_equal(name, TEXT("ioerr"))  ? FAULT_IOERR
           : text_equal(name, TEXT("full")) ? FAULT_FULL
           : text_equal(name, TEXT("torn")) ? FAULT_TORN
                                            : FAULT_NONE;
}

static bool keep_path(char *path, size_t room, struct text text)
{
    if (text.size == 0 || text.size >= room)
        return false;
    memcpy(path, text.data, text.size);
    return true;
}

/* "KIND:N", "KIND:N:COUNT", "KIND:N:-", "KIND:while:FILE", "count:FILE" */
static bool parse_switch(struct text text, struct error *error)
{
    struct text rest = text, kind, number = TEXT_NONE, count = TEXT_NONE;
    text_split(&rest, ':', &kind);
    if (text_equal(kind, TEXT("count")) && keep_path(fault.report, sizeof fault.report, rest))
        return true;
    text_split(&rest, ':', &number);
    fault.kind = kind_of(kind);
    if (fault.kind != FAULT_NONE && text_equal(number, TEXT("while")) &&
        keep_path(fault.trigger, sizeof fault.trigger, rest))
        return true;
    text_split(&rest, ':', &count);
    fault.count = 1;
    if (text_equal(count, TEXT("-")))
        fault.count = -1;
    else if (count.data != NULL && !text_to_integer(count, &fault.count))
        fault.kind = FAULT_NONE;
    if (fault.kind == FAULT_NONE || !text_to_integer(number, &fault.first))
        return error_set(error, ERROR_INVALID, "FAIRLEAD_FAULT_STORE is \"%.*s\", but must be ioerr, full or torn, then "
                         ":N and perhaps :COUNT, or :while:FILE, or it is count:FILE", TEXT_ARGS(text));
    return true;
}

bool fault_prepare(struct error *error)
{
    const char *text = getenv("FAIRLEAD_FAULT_STORE");
    if (text == NULL || fault.registered)
        return true;
    if (!parse_switch(text_of(text), error))
        return false;
    fault.inner = sqlite3_vfs_find(NULL);
    fault.outer = *fault.inner;
    fault.outer.zName = "fault";
    fault.outer.pNext = NULL;
    fault.outer.szOsFile = (int)sizeof(struct fault_file) + fault.inner->szOsFile;
    fault.outer.xOpen = fault_open;
    fault.registered = true;
    return sqlite3_vfs_register(&fault.outer, 1) == SQLITE_OK || error_set(error, ERROR_INTERNAL, "no fault switch");
}

void fault_report(void)
{
    if (fault.report[0] == '\0')
        return;
    FILE *file = fopen(fault.report, "we");
    if (file != NULL) {
        fprintf(file, "%lld\n", (long long)atomic_load(&fault.operations));
        fclose(file);
    }
}
