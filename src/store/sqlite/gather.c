#include "store/sqlite/gather.h"

#include <sqlite3.h>

#include "base/buffer.h"

enum { MOST_GATHERED = 0x1ffff /* the most that SQLite's own VFS writes at once */ };

static struct {
    sqlite3_vfs *inner;
    sqlite3_vfs outer;
} gather;

/* The log; the inner file's memory follows the struct. Other files are the inner VFS's alone. */
struct gather_file {
    sqlite3_file base;
    sqlite3_file *inner;
    struct buffer bytes; /* not written yet */
    sqlite3_int64 offset; /* where they belong */
};

static struct gather_file *file_of(sqlite3_file *file)
{
    return (struct gather_file *)file;
}

/* What cannot be written is dropped: its commit fails, and the next one writes at the same place. */
static int flush(struct gather_file *file)
{
    int code = SQLITE_OK;
    if (file->bytes.size > 0)
        code = file->inner->pMethods->xWrite(file->inner, file->bytes.data, (int)file->bytes.size, file->offset);
    buffer_clear(&file->bytes);
    return code;
}

static int gather_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset)
{
    struct gather_file *file = file_of(base);
    bool follows = file->bytes.size > 0 && offset == file->offset + (sqlite3_int64)file->bytes.size &&
                   file->bytes.size + (size_t)size <= MOST_GATHERED;
    int code = follows ? SQLITE_OK : flush(file);
    if (code != SQLITE_OK)
        return code;
    if (file->bytes.size == 0)
        file->offset = offset;
    if (buffer_append(&file->bytes, bytes, (size_t)size))
        return SQLITE_OK;
    code = flush(file); /* no memory */
    return code == SQLITE_OK ? file->inner->pMethods->xWrite(file->inner, bytes, size, offset) : code;
}

static int gather_sync(sqlite3_file *base, int flags)
{
    struct gather_file *file = file_of(base);
    int code = flush(file);
    return code == SQLITE_OK ? file->inner->pMethods->xSync(file->inner, flags) : code;
}

static int gather_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset)
{
    struct gather_file *file = file_of(base);
    int code = flush(file);
    return code == SQLITE_OK ? file->inner->pMethods->xRead(file->inner, bytes, size, offset) : code;
}

static int gather_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct gather_file *file = file_of(base);
    int code = flush(file);
    return code == SQLITE_OK ? file->inner->pMethods->xTruncate(file->inner, size) : code;
}

static int gather_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct gather_file *file = file_of(base);
    int code = flush(file);
    return code == SQLITE_OK ? file->inner->pMethods->xFileSize(file->inner, size) : code;
}

static int gather_close(sqlite3_file *base)
{
    struct gather_file *file = file_of(base);
    int code = flush(file), closed = file->inner->pMethods->xClose(file->inner);
    buffer_free(&file->bytes);
    return code == SQLITE_OK ? closed : code;
}

/* Nothing of these is about what is in the file. */
static sqlite3_file *inner(sqlite3_file *f) { return file_of(f)->inner; }
static int pass_lock(sqlite3_file *f, int l) { return inner(f)->pMethods->xLock(inner(f), l); }
static int pass_unlock(sqlite3_file *f, int l) { return inner(f)->pMethods->xUnlock(inner(f), l); }
static int pass_check(sqlite3_file *f, int *r) { return inner(f)->pMethods->xCheckReservedLock(inner(f), r); }
static int pass_control(sqlite3_file *f, int o, void *a) { return inner(f)->pMethods->xFileControl(inner(f), o, a); }
static int pass_sector(sqlite3_file *f) { return inner(f)->pMethods->xSectorSize(inner(f)); }
static int pass_traits(sqlite3_file *f) { return inner(f)->pMethods->xDeviceCharacteristics(inner(f)); }

/* The first version: a log is never mapped. */
static const sqlite3_io_methods METHODS = {
    .iVersion = 1, .xClose = gather_close, .xRead = gather_read, .xWrite = gather_write, .xTruncate = gather_truncate,
    .xSync = gather_sync, .xFileSize = gather_size, .xLock = pass_lock, .xUnlock = pass_unlock,
    .xCheckReservedLock = pass_check, .xFileControl = pass_control, .xSectorSize = pass_sector,
    .xDeviceCharacteristics = pass_traits,
};

static int gather_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *out_flags)
{
    (void)vfs;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return gather.inner->xOpen(gather.inner, name, base, flags, out_flags);
    struct gather_file *file = file_of(base);
    *file = (struct gather_file){.inner = (sqlite3_file *)(void *)(file + 1)};
    file->inner->pMethods = NULL;
    int code = gather.inner->xOpen(gather.inner, name, file->inner, flags, out_flags);
    if (file->inner->pMethods != NULL)
        file->base.pMethods = &METHODS;
    return code;
}

bool gather_prepare(struct error *error)
{
    sqlite3_vfs *inner_vfs = sqlite3_vfs_find(NULL);
    if (gather.inner == inner_vfs)
        return true;
    gather.inner = inner_vfs;
    gather.outer = *gather.inner;
    gather.outer.zName = GATHER_VFS;
    gather.outer.pNext = NULL;
    gather.outer.szOsFile = (int)sizeof(struct gather_file) + gather.inner->szOsFile;
    gather.outer.xOpen = gather_open;
    return sqlite3_vfs_register(&gather.outer, 0) == SQLITE_OK ||
           error_set(error, ERROR_INTERNAL, "no VFS for the log");
}
