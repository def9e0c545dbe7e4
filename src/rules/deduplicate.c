#include "rules/deduplicate.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "rules/field_path.h"

enum { DIGEST_BYTES = 32, PENDING_BYTES = 512, LEVELS_A_CALL = 64 };

struct deduplicate {
    int64_t window_ms;
    bool excludes;
    struct field_path fields[DEDUPLICATE_FIELDS];
    size_t field_count;
    unsigned char identity[DIGEST_BYTES]; /* of the rule */
    EVP_MD *digest;
    struct arena arena;
};

/* Which of the fields lead on from a value: 1 << index. */
typedef uint64_t field_set;

/* ---- what is hashed ----
 *
 * Each value is a byte that says what it is, and then what it takes to know its end: nothing that differs is the same
 * row of bytes.
 */

struct hashing {
    EVP_MD_CTX *context;
    bool good;
    size_t pending;
    unsigned char bytes[PENDING_BYTES];
};

static void hash_pending(struct hashing *hashing)
{
    hashing->good = hashing->good && EVP_DigestUpdate(hashing->context, hashing->bytes, hashing->pending) == 1;
    hashing->pending = 0;
}

static void hash_bytes(struct hashing *hashing, const void *bytes, size_t size)
{
    if (size > PENDING_BYTES - hashing->pending)
        hash_pending(hashing);
    if (size > PENDING_BYTES) {
        hashing->good = hashing->good && EVP_DigestUpdate(hashing->context, bytes, size) == 1;
    } else if (size > 0) {
        memcpy(hashing->bytes + hashing->pending, bytes, size);
        hashing->pending += size;
    }
}

static void hash_mark(struct hashing *hashing, char mark)
{
    hash_bytes(hashing, &mark, 1);
}

static void hash_text(struct hashing *hashing, struct text text)
{
    uint64_t size = text.size;
    hash_mark(hashing, 't');
    hash_bytes(hashing, &size, sizeof size);
    hash_bytes(hashing, text.data, text.size);
}

static void hash_number(struct hashing *hashing, struct json_view number)
{
    bool negative;
    uint64_t magnitude;
    if (json_view_integer(number, &negative, &magnitude)) {
        hash_mark(hashing, negative ? '-' : '+');
        hash_bytes(hashing, &magnitude, sizeof magnitude);
    } else {
        hash_mark(hashing, 'd');
        hash_bytes(hashing, &number.number, sizeof number.number);
    }
}

static void hash_scalar(struct hashing *hashing, struct json_view value)
{
    switch (value.type) {
    case JSON_VIEW_NULL: hash_mark(hashing, 'n'); break;
    case JSON_VIEW_BOOLEAN: hash_mark(hashing, value.number != 0 ? 'T' : 'F'); break;
    case JSON_VIEW_NUMBER: hash_number(hashing, value); break;
    default: hash_text(hashing, value.type == JSON_VIEW_TEXT ? value.text : TEXT("")); break;
    }
}

static bool is_container(struct json_view value)
{
    return value.type == JSON_VIEW_ARRAY || value.type == JSON_VIEW_OBJECT;
}

static struct json_walk hash_start(struct hashing *hashing, struct json_view container)
{
    hash_mark(hashing, container.type == JSON_VIEW_ARRAY ? '[' : '{');
    return json_view_walk(container);
}

/* Documents are as deep as limits.json_depth: a call goes down several levels, so that the stack is used sparingly. */
static void hash_container(struct hashing *hashing, struct json_view container)
{
    struct json_walk walks[LEVELS_A_CALL], *walk = walks;
    struct text key;
    struct json_view item;
    *walk = hash_start(hashing, container);
    for (;;) {
        if (!json_walk_next(walk, &key, &item)) {
            hash_mark(hashing, 'e');
            if (walk == walks)
                return;
            walk--;
            continue;
        }
        if (walk->is_object)
            hash_text(hashing, key);
        if (!is_container(item))
            hash_scalar(hashing, item);
        else if (walk + 1 == walks + LEVELS_A_CALL)
            hash_container(hashing, item);
        else
            *++walk = hash_start(hashing, item);
    }
}

static void hash_value(struct hashing *hashing, struct json_view value)
{
    if (is_container(value))
        hash_container(hashing, value);
    else
        hash_scalar(hashing, value);
}

/* ---- fields that are included ---- */

static struct json_view item_at(struct json_view array, size_t index)
{
    struct json_walk walk = json_view_walk(array);
    struct json_view item;
    struct text key;
    for (size_t i = 0; array.type == JSON_VIEW_ARRAY && json_walk_next(&walk, &key, &item); i++) {
        if (i == index)
            return item;
    }
    return (struct json_view){0};
}

/* The value at the end of the path, of which `level` steps are behind; one for each item where it has [*]. */
static void hash_field(struct hashing *hashing, const struct field_path *path, size_t level, struct json_view value)
{
    for (; level < path->count && value.type != JSON_VIEW_ABSENT; level++) {
        const struct field_step *step = &path->steps[level];
        if (step->kind == PATH_EACH && value.type == JSON_VIEW_ARRAY) {
            struct json_walk walk = json_view_walk(value);
            struct json_view item;
            struct text key;
            hash_mark(hashing, '(');
            while (json_walk_next(&walk, &key, &item))
                hash_field(hashing, path, level + 1, item);
            hash_mark(hashing, ')');
            return;
        }
        value = step->kind == PATH_NAME   ? json_view_find(value, step->name)
                : step->kind == PATH_ITEM ? item_at(value, step->index)
                                          : (struct json_view){0};
    }
    hash_value(hashing, value);
}

/* ---- all but fields that are excluded ---- */

/* Which of the fields lead on to that member or item; *ends when one of them ends there. */
static field_set fields_at(const struct deduplicate *rule, field_set from, size_t level, bool in_array,
                           struct text key, size_t index, bool *ends)
{
    field_set on = 0;
    *ends = false;
    for (field_set rest = from; rest != 0; rest &= rest - 1) {
        int i = __builtin_ctzll(rest);
        const struct field_step *step = &rule->fields[i].steps[level];
        bool fits = step->kind == PATH_NAME ? !in_array && text_equal(step->name, key)
                                            : in_array && (step->kind == PATH_EACH || step->index == index);
        *ends |= fits && rule->fields[i].count == level + 1;
        on |= fits ? (field_set)1 << i : 0;
    }
    return on;
}

/* As hash_value, without what the fields of the set lead to. Only names end a path, so arrays keep all their items. */
static void hash_others(struct hashing *hashing, const struct deduplicate *rule, field_set fields, size_t level,
                        struct json_view value)
{
    struct json_walk walk = json_view_walk(value);
    struct text key;
    struct json_view item;
    bool in_array = value.type == JSON_VIEW_ARRAY, ends;
    if (fields == 0 || (!in_array && value.type != JSON_VIEW_OBJECT)) {
        hash_value(hashing, value);
        return;
    }
    hash_mark(hashing, in_array ? '[' : '{');
    for (size_t i = 0; json_walk_next(&walk, &key, &item); i++) {
        field_set on = fields_at(rule, fields, level, in_array, key, i, &ends);
        if (ends)
            continue;
        if (!in_array)
            hash_text(hashing, key);
        hash_others(hashing, rule, on, level + 1, item);
    }
    hash_mark(hashing, 'e');
}

static void hash_part(struct hashing *hashing, const struct deduplicate *rule, struct content *content,
                      enum content_part part)
{
    field_set inside = 0;
    bool counts = part != CONTENT_HEADERS;
    for (size_t i = 0; i < rule->field_count; i++) {
        if (rule->fields[i].part != part)
            continue;
        if (rule->fields[i].count == 0)
            return;
        inside |= (field_set)1 << i;
        counts = true;
    }
    if (!counts)
        return;
    hash_mark(hashing, (char)('0' + part));
    hash_others(hashing, rule, inside, 0, content_part(content, part));
}

/* ---- keys ---- */

bool deduplicate_key(const struct deduplicate *rule, struct content *content, struct deduplicate_key *key)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct hashing hashing;
    hashing.context = EVP_MD_CTX_new();
    hashing.good = hashing.context != NULL && EVP_DigestInit_ex(hashing.context, rule->digest, NULL) == 1;
    hashing.pending = 0;
    hash_bytes(&hashing, rule->identity, sizeof rule->identity);
    for (size_t i = 0; !rule->excludes && i < rule->field_count; i++)
        hash_field(&hashing, &rule->fields[i], 0, content_part(content, rule->fields[i].part));
    for (size_t part = 0; rule->excludes && part < CONTENT_PARTS; part++)
        hash_part(&hashing, rule, content, (enum content_part)part);
    hash_pending(&hashing);
    bool good = hashing.good && EVP_DigestFinal_ex(hashing.context, digest, NULL) == 1;
    EVP_MD_CTX_free(hashing.context);
    if (good)
        memcpy(key->bytes, digest, sizeof key->bytes);
    key->window_ms = rule->window_ms;
    return good;
}

/* ---- rules ---- */

/* Is the path within one of those before it, or the same? Then it chooses nothing of its own. */
static bool is_held(const struct deduplicate *rule, const struct field_path *path)
{
    for (size_t i = 0; i < rule->field_count; i++) {
        if (field_path_holds(&rule->fields[i], path))
            return true;
    }
    return false;
}

/* Takes the place of those that lie within it. */
static void add_field(struct deduplicate *rule, struct field_path path)
{
    size_t kept = 0;
    if (is_held(rule, &path))
        return;
    for (size_t i = 0; i < rule->field_count; i++) {
        if (!field_path_holds(&path, &rule->fields[i]))
            rule->fields[kept++] = rule->fields[i];
    }
    rule->fields[kept] = path;
    rule->field_count = kept + 1;
}

static bool read_fields(struct deduplicate *rule, const json_t *fields, const char *member, struct error *error)
{
    size_t i;
    const json_t *field;
    if (fields == NULL)
        return true;
    if (json_array_size(fields) < 1 || json_array_size(fields) > DEDUPLICATE_FIELDS)
        return error_set(error, ERROR_INVALID, "%s: must be an array of 1 to %d paths", member, DEDUPLICATE_FIELDS);
    json_array_foreach(fields, i, field)
    {
        struct field_path path;
        struct text text = {json_string_value(field), json_string_length(field)};
        if (text.data == NULL)
            return error_set(error, ERROR_INVALID, "%s[%zu]: must be a string, not %s", member, i,
                             json_type_name(field));
        if (!field_path_parse(&rule->arena, text, &path, error))
            return error_prefix(error, "%s[%zu]", member, i);
        add_field(rule, path);
    }
    return true;
}

static bool identify(struct deduplicate *rule, const json_t *source, size_t earlier, struct error *error)
{
    char *written = json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS);
    uint64_t number = earlier;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    rule->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    bool good = written != NULL && context != NULL && EVP_DigestInit_ex(context, rule->digest, NULL) == 1 &&
                EVP_DigestUpdate(context, &number, sizeof number) == 1 &&
                EVP_DigestUpdate(context, written, strlen(written)) == 1 &&
                EVP_DigestFinal_ex(context, rule->identity, NULL) == 1;
    EVP_MD_CTX_free(context);
    free(written);
    return good || error_set(error, ERROR_INTERNAL, "there is no memory for the rule");
}

static bool read_rule(struct deduplicate *rule, const json_t *source, size_t earlier, struct error *error)
{
    const json_t *include = json_member(source, "include_fields"), *exclude = json_member(source, "exclude_fields");
    rule->window_ms = json_member_integer(source, "window", 0);
    rule->excludes = include == NULL;
    if (rule->window_ms < DEDUPLICATE_LEAST_MS || rule->window_ms > DEDUPLICATE_MOST_MS)
        return error_set(error, ERROR_INVALID, "window: must be from %d to %d", DEDUPLICATE_LEAST_MS,
                         DEDUPLICATE_MOST_MS);
    if (include != NULL && exclude != NULL)
        return error_set(error, ERROR_INVALID, "exclude_fields: cannot be given together with include_fields");
    return read_fields(rule, include, "include_fields", error) && read_fields(rule, exclude, "exclude_fields", error) &&
           identify(rule, source, earlier, error);
}

struct deduplicate *deduplicate_compile(const json_t *source, size_t earlier, struct error *error)
{
    struct deduplicate *rule = NEW(struct deduplicate);
    if (read_rule(rule, source, earlier, error))
        return rule;
    deduplicate_free(rule);
    return NULL;
}

void deduplicate_free(struct deduplicate *rule)
{
    if (rule == NULL)
        return;
    EVP_MD_free(rule->digest);
    arena_free(&rule->arena);
    free(rule);
}
