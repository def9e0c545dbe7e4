/*
 * heap.h - a binary min-heap of things that wait for a moment.
 *
 * Intrusive: each thing embeds a heap_node, and is in at most one heap through it. Not thread-safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t moment; /* what the heap orders by; change it only through heap_put */
    size_t place;   /* 1-based index in the heap, 0: in no heap */
};

struct heap {
    struct heap_node **nodes; /* owned */
    size_t size;
    size_t capacity;
};

/* Inserts the node, or moves it when it is in already. */
void heap_put(struct heap *heap, struct heap_node *node, int64_t moment);
void heap_remove(struct heap *heap, struct heap_node *node); /* no-op when it is not in */
struct heap_node *heap_first(const struct heap *heap);       /* NULL when empty */
void heap_free(struct heap *heap);
