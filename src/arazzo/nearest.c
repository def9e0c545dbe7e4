#include "arazzo/nearest.h"

enum { SLIPS = 2 };

/* Steps of writing from one name to the other, as far as `most`, else more than that. */
static int distance(const char *a, const char *b, int most)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    if (*a == '\0' || *b == '\0' || most == 0) {
        size_t left = strlen(a) + strlen(b);
        return left > (size_t)most ? most + 1 : (int)left;
    }
    int other = distance(a + 1, b + 1, most - 1), less = distance(a + 1, b, most - 1),
        more = distance(a, b + 1, most - 1);
    int least = other < less ? other : less;
    return 1 + (least < more ? least : more);
}

static void consider(const char *name, const char *candidate, const char **best, int *best_distance)
{
    int far = strlen(name) > SLIPS ? distance(name, candidate, SLIPS) : SLIPS + 1;
    if (far >= *best_distance)
        return;
    *best = candidate;
    *best_distance = far;
}

const char *nearest_name(const char *name, const char *const *names)
{
    const char *best = NULL;
    int best_distance = SLIPS + 1;
    for (; *names != NULL; names++)
        consider(name, *names, &best, &best_distance);
    return best;
}

const char *nearest_key(const char *name, const json_t *object)
{
    const char *best = NULL, *key;
    int best_distance = SLIPS + 1;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
        consider(name, key, &best, &best_distance);
    return best;
}

const char *nearest_hint(char *hint, size_t size, const char *nearest)
{
    if (nearest == NULL)
        return NULL;
    snprintf(hint, size, "is \"%s\" meant?", nearest);
    return hint;
}
