/* Sealed texts: they come back whole, and not at all when a bit, the place or the key is another one. */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"

struct fixture {
    struct seal_ring ring;
    char directory[32], path[64];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct seal_key key;
    seal_ring_init(&fixture->ring);
    seal_key_make(&key);
    seal_ring_add(&fixture->ring, &key);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/fairlead-seal-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/storage-key", fixture->directory);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    rmdir(fixture->directory);
    seal_ring_free(&fixture->ring);
    free(fixture);
    return 0;
}

static bool opens(struct seal_ring *ring, struct text sealed, struct text place)
{
    struct buffer plain = {0};
    struct error error = {0};
    bool opened = seal_open(ring, sealed, place, &plain, &error);
    assert_true(opened || (plain.size == 0 && error.code == ERROR_INVALID));
    buffer_free(&plain);
    return opened;
}

static void texts_come_back(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {0, 1, 11, 12, 13, 4096, 3 << 20};
    char *bytes = malloc(3 << 20);
    for (size_t i = 0; i < 3 << 20; i++)
        bytes[i] = (char)(i * 7);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct text plain = {bytes, sizes[i]};
        struct buffer sealed = {0}, again = {0}, back = {0};
        assert_true(seal_close(&fixture->ring, plain, TEXT("a.b:1"), &sealed));
        assert_true(seal_is_sealed(buffer_text(&sealed)));
        assert_true(seal_open(&fixture->ring, buffer_text(&sealed), TEXT("a.b:1"), &back, NULL));
        assert_true(text_equal(buffer_text(&back), plain));
        assert_true(seal_close(&fixture->ring, plain, TEXT("a.b:1"), &again));
        assert_false(text_equal(buffer_text(&sealed), buffer_text(&again))); /* another nonce */
        buffer_free(&sealed);
        buffer_free(&again);
        buffer_free(&back);
    }
    free(bytes);
}

static void nothing_else_opens(void **state)
{
    struct fixture *fixture = *state;
    struct text place = TEXT("source.config.auth:12");
    struct buffer sealed = {0};
    /* 45 bytes with nonce and tag: base64 leaves no bits over that mean nothing */
    assert_true(seal_close(&fixture->ring, TEXT("hunter2, and more"), place, &sealed));
    struct text whole = buffer_text(&sealed);
    assert_true(opens(&fixture->ring, whole, place));
    assert_false(opens(&fixture->ring, whole, TEXT("source.config.auth:1")));
    assert_false(opens(&fixture->ring, whole, TEXT("source.config.auth:123")));
    assert_false(opens(&fixture->ring, whole, TEXT("destination.config.auth:12")));
    assert_false(opens(&fixture->ring, whole, TEXT("")));
    for (size_t size = 0; size < whole.size; size++)
        assert_false(opens(&fixture->ring, text_slice(whole, 0, size), place));
    for (size_t i = 0; i < whole.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            sealed.data[i] = (char)(sealed.data[i] ^ (1 << bit));
            assert_false(opens(&fixture->ring, whole, place));
            sealed.data[i] = (char)(sealed.data[i] ^ (1 << bit));
        }
    }
    assert_true(opens(&fixture->ring, whole, place));
    buffer_free(&sealed);
}

static void the_last_key_seals_and_all_open(void **state)
{
    struct fixture *fixture = *state;
    struct seal_key first = seal_ring_current(&fixture->ring), key;
    struct buffer sealed = {0};
    assert_true(seal_close(&fixture->ring, TEXT("x"), TEXT("p"), &sealed));
    for (int i = 1; i < SEAL_KEYS_MOST; i++) {
        seal_key_make(&key);
        seal_ring_add(&fixture->ring, &key);
        assert_true(opens(&fixture->ring, buffer_text(&sealed), TEXT("p")));
    }
    assert_string_equal(seal_ring_current(&fixture->ring).id, key.id);
    seal_key_make(&key);
    seal_ring_add(&fixture->ring, &key); /* one too many: the oldest goes */
    assert_false(opens(&fixture->ring, buffer_text(&sealed), TEXT("p")));
    struct seal_ring other;
    seal_ring_init(&other);
    memset(first.bytes, 1, sizeof first.bytes);
    seal_ring_add(&other, &first); /* the id alone is not enough */
    assert_false(opens(&other, buffer_text(&sealed), TEXT("p")));
    seal_ring_free(&other);
    buffer_free(&sealed);
}

static void an_empty_ring_seals_nothing(void **state)
{
    (void)state;
    struct seal_ring ring;
    struct buffer out = {0};
    seal_ring_init(&ring);
    assert_false(seal_close(&ring, TEXT("x"), TEXT("p"), &out));
    assert_int_equal(out.size, 0);
    seal_ring_free(&ring);
}

static void the_file_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct seal_key keys[2];
    struct seal_ring ring;
    struct stat status;
    struct error error = {0};
    seal_ring_init(&ring);
    assert_false(seal_file_read(fixture->path, &ring, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    seal_key_make(&keys[0]);
    seal_key_make(&keys[1]);
    assert_true(seal_file_write(fixture->path, keys, 1, &error));
    assert_true(seal_file_write(fixture->path, keys, 2, &error));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(seal_file_read(fixture->path, &ring, &error));
    assert_int_equal(ring.count, 2);
    assert_memory_equal(&ring.keys[0], &keys[0], sizeof keys[0]);
    assert_memory_equal(&ring.keys[1], &keys[1], sizeof keys[1]);
    seal_ring_free(&ring);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void files_that_are_no_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const contents[] = {
        "", "\n", "# only\n", "12345678\n", "12345678 00\n", "1234567 " ZEROS "\n", "123456789 " ZEROS "\n",
        "12345678 " ZEROS "00\n", "12345678 g" ZEROS "\n", "12345678 " ZEROS "\nrest\n",
    };
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct seal_ring ring;
        struct error error = {0};
        FILE *file = fopen(fixture->path, "w");
        fputs(contents[i], file);
        fclose(file);
        seal_ring_init(&ring);
        assert_false(seal_file_read(fixture->path, &ring, &error));
        assert_int_equal(error.code, ERROR_REFUSED);
        seal_ring_free(&ring);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_else_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_key_seals_and_all_open, set_up, tear_down),
        cmocka_unit_test(an_empty_ring_seals_nothing),
        cmocka_unit_test_setup_teardown(the_file_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_no_keys_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
