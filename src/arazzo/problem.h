/*
 * problem.h - what is wrong or doubtful in a document, and where.
 *
 * A place is a chain of steps from the root ("workflows[0].steps[1]") that lives on the stack of whoever walks
 * the document; it becomes text only when there is something to say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "arazzo/rule.h"
#include "base/buffer.h"

struct place {
    const struct place *above; /* NULL: the root */
    const char *name;          /* member of the thing above; NULL: an item of it */
    size_t index;              /* of the item */
};

void place_write(struct buffer *out, const struct place *place); /* "the document" for the root */

struct problem {
    bool is_error; /* else a warning: the document can be used */
    int line;      /* 0: not known */
    char *place, *sentence;
    const struct rule *rule; /* that was broken */
    char *hint;              /* what to do about it; owned */
};

enum { PROBLEMS_MOST = 200 }; /* kept of one document; further ones are only counted */

struct problems {
    struct problem *items;
    size_t count, capacity;
    size_t errors; /* all of them, also those beyond PROBLEMS_MOST */
};

/*
 * Adds one; returns false when it is an error, so that checks can end with it. The rule is that of the place;
 * problem_add_by names another, and a hint in place of the rule's own (NULL: that one).
 */
bool problem_add(struct problems *problems, bool is_error, int line, const struct place *place, const char *format,
                 ...) __attribute__((format(printf, 5, 6)));
bool problem_add_by(struct problems *problems, bool is_error, int line, const struct place *place,
                    const struct rule *rule, const char *hint, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
void problems_sort(struct problems *problems); /* by line, else as they were found */
void problems_free(struct problems *problems); /* back to {0} */
