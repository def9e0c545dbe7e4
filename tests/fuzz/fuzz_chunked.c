/* A chunked body: in pieces (the first byte says how large) it must come out as it does whole. */
#include "fuzz.h"

#include "http/chunked.h"

enum { MOST = 2048 };

static enum chunk_result read_all(const char *bytes, size_t size, size_t step, struct buffer *body, size_t *taken)
{
    struct chunked chunked = {0};
    enum chunk_result result = CHUNKS_MORE;
    *taken = 0;
    while (*taken < size && result == CHUNKS_MORE) {
        size_t used = 0, piece = size - *taken < step ? size - *taken : step;
        result = chunked_read(&chunked, bytes + *taken, piece, &used, body, MOST);
        MUST(used <= piece);
        MUST(result != CHUNKS_MORE || used == piece);
        *taken += used;
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct buffer whole = {0}, pieces = {0};
    size_t whole_taken, pieces_taken;
    const char *data = (const char *)bytes + 1;
    enum chunk_result result = read_all(data, size - 1, size, &whole, &whole_taken);
    MUST(result == read_all(data, size - 1, (size_t)bytes[0] % 16 + 1, &pieces, &pieces_taken));
    MUST(text_equal(buffer_text(&whole), buffer_text(&pieces)));
    MUST(result != CHUNKS_COMPLETE || whole_taken == pieces_taken);
    MUST(whole.size <= MOST);
    buffer_free(&whole);
    buffer_free(&pieces);
    return 0;
}
