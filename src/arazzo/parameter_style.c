#include "arazzo/parameter_style.h"

#include "arazzo/value.h"
#include "base/encoding.h"

/* How the parts of one value are put together. */
struct form {
    const char *first;      /* before everything, and "name=" behind it when `named` */
    const char *separator;  /* between parts */
    bool named;             /* each part, or the whole when not exploded, is "name=part" */
    bool explode;
    bool deep;              /* "name[key]=value" */
    bool encode;            /* percent */
    bool reserved;          /* but not what RFC 3986 reserves */
};

/* Reserved characters pass ("allowReserved"), but for those that would end the value. */
static void encode_unreserved(struct buffer *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '\0' && strchr(":/?[]@!$'()*,;", text.data[i]) != NULL)
            buffer_append_byte(out, text.data[i]);
        else
            percent_encode(out, text_slice(text, i, 1));
    }
}

static void write_encoded(struct buffer *out, const struct form *form, struct text text)
{
    if (form->encode && form->reserved)
        encode_unreserved(out, text);
    else if (form->encode)
        percent_encode(out, text);
    else
        buffer_append_text(out, text);
}

static void write_plain(struct buffer *out, const struct form *form, const json_t *value)
{
    struct buffer text = {0};
    if (!json_is_null(value))
        value_write_text(&text, value);
    write_encoded(out, form, buffer_text(&text));
    buffer_free(&text);
}

static void write_name(struct buffer *out, const struct form *form, const char *name)
{
    write_encoded(out, form, text_of(name));
    buffer_append_byte(out, '=');
}

static void write_list(struct buffer *out, const struct form *form, const char *name, const json_t *list)
{
    json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        if (index > 0)
            buffer_append_string(out, form->explode ? form->separator : form->named ? form->separator : ",");
        if (form->named && (form->explode || index == 0))
            write_name(out, form, name);
        write_plain(out, form, item);
    }
}

static void write_object(struct buffer *out, const struct form *form, const char *name, const json_t *object)
{
    const char *key;
    json_t *member;
    size_t index = 0;
    json_object_foreach((json_t *)object, key, member) {
        if (index > 0)
            buffer_append_string(out, form->separator);
        else if (form->named && !form->explode && !form->deep)
            write_name(out, form, name);
        index++;
        if (form->deep) {
            write_encoded(out, form, text_of(name));
            buffer_append_string(out, form->encode ? "%5B" : "[");
            write_encoded(out, form, text_of(key));
            buffer_append_string(out, form->encode ? "%5D" : "]");
        } else {
            write_encoded(out, form, text_of(key));
        }
        buffer_append_string(out, form->explode || form->deep ? "=" : form->separator);
        write_plain(out, form, member);
    }
}

static void write_value(struct buffer *out, const struct form *form, const char *name, const json_t *value)
{
    bool empty = (json_is_array(value) && json_array_size(value) == 0) ||
                 (json_is_object(value) && json_object_size(value) == 0);
    if (empty)
        return;
    buffer_append_string(out, form->first);
    if (json_is_array(value)) {
        write_list(out, form, name, value);
    } else if (json_is_object(value)) {
        write_object(out, form, name, value);
    } else {
        if (form->named)
            write_name(out, form, name);
        write_plain(out, form, value);
    }
}

static bool has_style(const json_t *declaration, const char *style)
{
    return text_equal(json_member_text(declaration, "style"), text_of(style));
}

/* OpenAPI 2.0 says how lists are written in its own words: csv (when nothing is said), ssv, tsv, pipes, multi. */
static bool has_format(const json_t *declaration, const char *format)
{
    return text_equal(json_member_text(declaration, "collectionFormat"), text_of(format));
}

/* A parameter object of 2.0 has its type beside its name. */
static bool is_of_swagger(const json_t *declaration)
{
    return json_object_get(declaration, "type") != NULL && json_object_get(declaration, "schema") == NULL;
}

static bool is_exploded(const json_t *declaration, bool otherwise)
{
    const json_t *explode = json_object_get(declaration, "explode");
    if (is_of_swagger(declaration))
        return has_format(declaration, "multi");
    return explode ? json_is_true(explode) : otherwise;
}

/* With "content" the value is written as that media type says, which is JSON; a new reference. */
static json_t *as_declared(const json_t *declaration, const json_t *value)
{
    const char *type = json_object_iter_key(json_object_iter(json_object_get(declaration, "content")));
    bool as_json = type != NULL && strstr(type, "json") != NULL;
    struct buffer text = {0};
    if (!as_json)
        return json_incref((json_t *)value);
    json_write(&text, value);
    json_t *written = json_text(buffer_text(&text));
    buffer_free(&text);
    return written;
}

void style_write_path(struct buffer *out, const json_t *declaration, const char *name, const json_t *value)
{
    struct form form = {.first = "", .separator = ",", .explode = is_exploded(declaration, false), .encode = true};
    if (has_style(declaration, "label")) {
        form.first = ".";
        form.separator = form.explode ? "." : ",";
    } else if (has_style(declaration, "matrix")) {
        form.first = ";";
        form.named = true;
        form.separator = form.explode ? ";" : ",";
    }
    json_t *declared = as_declared(declaration, value);
    write_value(out, &form, name, declared);
    json_decref(declared);
}

void style_write_query(struct buffer *out, const json_t *declaration, const char *name, const json_t *value)
{
    bool spaces = has_style(declaration, "spaceDelimited") || has_format(declaration, "ssv");
    bool pipes = has_style(declaration, "pipeDelimited") || has_format(declaration, "pipes");
    bool tabs = has_format(declaration, "tsv");
    struct form form = {.first = "", .named = true, .encode = true,
                        .explode = is_exploded(declaration, !spaces && !pipes),
                        .deep = has_style(declaration, "deepObject"),
                        .reserved = json_member_true(declaration, "allowReserved")};
    form.separator = form.explode || form.deep ? "&" : spaces ? "%20" : pipes ? "%7C" : tabs ? "%09" : ",";
    json_t *declared = as_declared(declaration, value);
    write_value(out, &form, name, declared);
    json_decref(declared);
}

void style_write_header(struct buffer *out, const json_t *declaration, const json_t *value)
{
    struct form form = {.first = "", .separator = ",", .explode = is_exploded(declaration, false)};
    json_t *declared = as_declared(declaration, value);
    write_value(out, &form, "", declared);
    json_decref(declared);
}

void style_write_cookie(struct buffer *out, const json_t *declaration, const char *name, const json_t *value)
{
    struct form form = {.first = "", .named = true, .encode = true, .explode = is_exploded(declaration, true)};
    form.separator = form.explode ? "; " : ",";
    json_t *declared = as_declared(declaration, value);
    write_value(out, &form, name, declared);
    json_decref(declared);
}
