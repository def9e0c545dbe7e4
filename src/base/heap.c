#include "base/heap.h"

#include <stdlib.h>

#include "base/memory.h"

static void set(struct heap *heap, size_t place, struct heap_node *node)
{
    heap->nodes[place - 1] = node;
    node->place = place;
}

static void sift_up(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;
    while (place > 1 && heap->nodes[place / 2 - 1]->moment > node->moment) {
        set(heap, place, heap->nodes[place / 2 - 1]);
        place /= 2;
    }
    set(heap, place, node);
}

static void sift_down(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;
    for (;;) {
        size_t child = place * 2;
        if (child > heap->size)
            break;
        if (child < heap->size && heap->nodes[child]->moment < heap->nodes[child - 1]->moment)
            child++;
        if (heap->nodes[child - 1]->moment >= node->moment)
            break;
        set(heap, place, heap->nodes[child - 1]);
        place = child;
    }
    set(heap, place, node);
}

void heap_put(struct heap *heap, struct heap_node *node, int64_t moment)
{
    node->moment = moment;
    if (node->place == 0) {
        if (heap->size == heap->capacity) {
            heap->capacity = heap->capacity ? heap->capacity * 2 : 16;
            heap->nodes = memory_resize(heap->nodes, heap->capacity * sizeof(struct heap_node *));
        }
        heap->size++;
        set(heap, heap->size, node);
    }
    sift_up(heap, node);
    sift_down(heap, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    if (node->place == 0)
        return;
    size_t place = node->place;
    struct heap_node *last = heap->nodes[heap->size - 1];
    heap->size--;
    node->place = 0;
    if (last == node)
        return;
    set(heap, place, last);
    sift_up(heap, last);
    sift_down(heap, last);
}

struct heap_node *heap_first(const struct heap *heap)
{
    return heap->size > 0 ? heap->nodes[0] : NULL;
}

void heap_free(struct heap *heap)
{
    free(heap->nodes);
    *heap = (struct heap){0};
}
