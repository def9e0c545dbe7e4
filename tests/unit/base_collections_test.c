/* The hash map and the heap against a plain array that says what must be in them. */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash_map.h"
#include "base/heap.h"

enum { THINGS = 500, STEPS = 20000 };

static unsigned random_below(unsigned most)
{
    static unsigned state = 12345; /* the same sequence each time */
    state = state * 1103515245u + 12345u;
    return (state >> 8) % most;
}

static void a_map_holds_what_was_put(void **state)
{
    static char values[THINGS], names[THINGS][8];
    void *expected[THINGS] = {0};
    struct hash_map numbers = {0}, texts = {0};
    size_t used = 0;
    (void)state;
    for (int i = 0; i < THINGS; i++)
        snprintf(names[i], sizeof names[i], "n%d", i);
    assert_null(hash_map_get(&numbers, 1));
    assert_null(hash_map_remove_text(&texts, TEXT("x")));
    for (int step = 0; step < STEPS; step++) {
        unsigned i = random_below(THINGS);
        int64_t key = i % 2 ? (int64_t)i : -(int64_t)i;
        struct text name = text_of(names[i]);
        bool put = random_below(2) == 0;
        void *value = put ? &values[random_below(THINGS)] : NULL;
        assert_ptr_equal(put ? hash_map_put(&numbers, key, value) : hash_map_remove(&numbers, key), expected[i]);
        assert_ptr_equal(put ? hash_map_put_text(&texts, name, value) : hash_map_remove_text(&texts, name), expected[i]);
        used = used + (expected[i] == NULL && put ? 1 : 0) - (expected[i] != NULL && !put ? 1 : 0);
        expected[i] = value;
        assert_ptr_equal(hash_map_get(&numbers, key), value);
        assert_int_equal(numbers.used, used);
    }
    size_t position = 0, walked = 0;
    while (hash_map_next(&texts, &position) != NULL)
        walked++;
    assert_int_equal(walked, used);
    assert_true(numbers.capacity <= 4 * THINGS); /* removed slots are used again */
    hash_map_free(&numbers);
    hash_map_free(&texts);
    assert_null(hash_map_get_text(&texts, TEXT("n1")));
}

static void texts_are_keys_by_their_bytes(void **state)
{
    struct hash_map map = {0};
    int a = 0, b = 0, c = 0;
    (void)state;
    hash_map_put_text(&map, TEXT(""), &a);
    hash_map_put_text(&map, TEXT("\0"), &b);
    hash_map_put_text(&map, TEXT("12345678\0"), &c);
    assert_ptr_equal(hash_map_get_text(&map, TEXT_NONE), &a);
    assert_ptr_equal(hash_map_get_text(&map, TEXT("\0")), &b);
    assert_ptr_equal(hash_map_get_text(&map, TEXT("12345678\0")), &c);
    assert_null(hash_map_get_text(&map, TEXT("12345678")));
    hash_map_free(&map);
}

struct thing {
    struct heap_node node;
    bool in;
};

static void check_first(const struct heap *heap, const struct thing *things)
{
    const struct heap_node *first = heap_first(heap);
    size_t count = 0;
    for (int i = 0; i < THINGS; i++) {
        count += things[i].in;
        if (things[i].in)
            assert_true(first != NULL && first->moment <= things[i].node.moment);
    }
    assert_int_equal(heap->size, count);
    assert_true(count > 0 || first == NULL);
}

static void a_heap_knows_its_first(void **state)
{
    static struct thing things[THINGS];
    struct heap heap = {0};
    (void)state;
    for (int step = 0; step < STEPS / 4; step++) {
        struct thing *thing = &things[random_below(THINGS)];
        if (random_below(3) == 0) {
            heap_remove(&heap, &thing->node);
            thing->in = false;
        } else {
            heap_put(&heap, &thing->node, (int64_t)random_below(1000) - 500);
            thing->in = true;
        }
        check_first(&heap, things);
    }
    int64_t last = INT64_MIN;
    struct heap_node *first;
    while ((first = heap_first(&heap)) != NULL) {
        assert_true(first->moment >= last);
        last = first->moment;
        heap_remove(&heap, first);
        assert_int_equal(first->place, 0);
    }
    heap_free(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_holds_what_was_put), cmocka_unit_test(texts_are_keys_by_their_bytes),
        cmocka_unit_test(a_heap_knows_its_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
