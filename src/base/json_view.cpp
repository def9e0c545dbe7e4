#include "base/json_view.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <simdjson.h>
#include <string>
#include <type_traits>

extern "C" {
#include "base/json_grammar.h"
}

namespace dom = simdjson::dom;

namespace {

/* A parser keeps room for the largest document it has seen; beyond this it is given back before the next one. */
constexpr std::size_t KEEP_BYTES = 256 * 1024;

} // namespace

struct json_reader {
    dom::parser parser;
    std::size_t room; /* bytes of a document, to begin with */
};

namespace {

/* Places of a view and of a walk are simdjson's own small values, carried through C as bytes. */
template <typename Value> void put(uintptr_t place[2], const Value &value)
{
    static_assert(sizeof(Value) == 2 * sizeof(uintptr_t) && std::is_trivially_copyable<Value>::value,
                  "a place holds what simdjson refers with");
    std::memcpy(place, &value, sizeof value);
}

template <typename Value> Value get(const uintptr_t place[2])
{
    Value value;
    std::memcpy(static_cast<void *>(&value), place, sizeof value);
    return value;
}

/* The place of a number: what it is exactly, if it is no double. */
enum class number_kind : uint64_t { DOUBLE = 0, SIGNED, UNSIGNED };
struct integer {
    uint64_t bits;
    number_kind kind;
};

struct text text_from(std::string_view view)
{
    return {view.data(), view.size()};
}

struct json_view view_of(dom::element element)
{
    struct json_view view = {};
    switch (element.type()) {
    case dom::element_type::NULL_VALUE: view.type = JSON_VIEW_NULL; break;
    case dom::element_type::BOOL:
        view.type = JSON_VIEW_BOOLEAN;
        view.number = element.get_bool().value_unsafe() ? 1 : 0;
        break;
    case dom::element_type::STRING:
        view.type = JSON_VIEW_TEXT;
        view.text = text_from(element.get_string().value_unsafe());
        break;
    case dom::element_type::ARRAY:
        view.type = JSON_VIEW_ARRAY;
        put(view.place, element);
        break;
    case dom::element_type::OBJECT:
        view.type = JSON_VIEW_OBJECT;
        put(view.place, element);
        break;
    case dom::element_type::INT64:
        view.type = JSON_VIEW_NUMBER;
        view.number = static_cast<double>(element.get_int64().value_unsafe());
        put(view.place, integer{static_cast<uint64_t>(element.get_int64().value_unsafe()), number_kind::SIGNED});
        break;
    case dom::element_type::UINT64:
        view.type = JSON_VIEW_NUMBER;
        view.number = static_cast<double>(element.get_uint64().value_unsafe());
        put(view.place, integer{element.get_uint64().value_unsafe(), number_kind::UNSIGNED});
        break;
    default:
        view.type = JSON_VIEW_NUMBER;
        view.number = element.get_double().value_unsafe();
    }
    return view;
}

/*
 * The document with each number that simdjson finds too large as the nearest double. The document is well formed:
 * outside of texts a digit or a minus begins a number.
 */
std::string with_doubles(const char *bytes, std::size_t size)
{
    std::string out;
    bool inside = false;
    for (std::size_t i = 0; i < size; i++) {
        char byte = bytes[i];
        if (inside && byte == '\\' && i + 1 < size) {
            out += byte;
            out += bytes[++i];
            continue;
        }
        inside ^= byte == '"';
        if (inside || (byte != '-' && (byte < '0' || byte > '9'))) {
            out += byte;
            continue;
        }
        std::size_t end = i;
        while (end < size && std::strchr("+-.0123456789eE", bytes[end]) != nullptr && bytes[end] != '\0')
            end++;
        std::string number(bytes + i, end - i);
        double value = std::strtod(number.c_str(), nullptr);
        char printed[64];
        std::snprintf(printed, sizeof printed, "%.17g",
                      std::isinf(value) ? std::copysign(std::numeric_limits<double>::max(), value) : value);
        out += printed;
        i = end - 1;
    }
    return out;
}

const char *parse(struct json_reader *reader, const char *bytes, std::size_t size, std::size_t depth)
{
    std::size_t levels = depth + 1; /* simdjson counts the document itself */
    if (reader->parser.capacity() > KEEP_BYTES)
        reader->parser = dom::parser();
    if (reader->parser.max_depth() != levels && reader->parser.allocate(reader->room, levels) != simdjson::SUCCESS)
        return "there is no memory to parse it";
    simdjson::error_code code = reader->parser.parse(bytes, size, true).error();
    return code == simdjson::SUCCESS ? nullptr
         : code == simdjson::NUMBER_ERROR ? "" : simdjson::error_message(code);
}

} // namespace

struct json_reader *json_reader_new(void)
{
    return json_reader_for(KEEP_BYTES);
}

struct json_reader *json_reader_for(std::size_t size)
{
    return new (std::nothrow) json_reader{dom::parser(), size};
}

void json_reader_free(struct json_reader *reader)
{
    delete reader;
}

bool json_reader_parse(struct json_reader *reader, const char *bytes, std::size_t size, std::size_t depth,
                       struct json_view *root, const char **reason)
try {
    *root = {};
    *reason = size == 0 ? "it is empty" : parse(reader, bytes, size, depth);
    if (*reason != nullptr && **reason == '\0') { /* perhaps a number that is only large */
        *reason = json_grammar_check({bytes, size}, depth);
        if (*reason == nullptr) {
            std::string smaller = with_doubles(bytes, size);
            *reason = parse(reader, smaller.data(), smaller.size(), depth);
        }
    }
    if (*reason == nullptr)
        *root = view_of(reader->parser.doc.root());
    return *reason == nullptr;
} catch (const std::bad_alloc &) {
    *reason = "there is no memory to parse it";
    return false;
}

bool json_view_integer(struct json_view number, bool *negative, uint64_t *magnitude)
{
    constexpr double BEYOND = 18446744073709551616.0; /* 2^64 */
    if (number.type != JSON_VIEW_NUMBER)
        return false;
    const integer exact = get<integer>(number.place);
    *negative = exact.kind == number_kind::SIGNED ? static_cast<int64_t>(exact.bits) < 0 : number.number < 0;
    *magnitude = *negative ? 0 - exact.bits : exact.bits;
    if (exact.kind != number_kind::DOUBLE)
        return true;
    double size = std::fabs(number.number);
    if (!(size < BEYOND) || std::floor(size) != size)
        return false;
    *magnitude = static_cast<uint64_t>(size);
    return true;
}

struct json_view json_view_find(struct json_view object, struct text key)
{
    struct json_view found = {};
    if (object.type != JSON_VIEW_OBJECT)
        return found;
    std::string_view wanted(key.data, key.size);
    dom::object members = get<dom::element>(object.place).get_object().value_unsafe();
    for (auto member = members.begin(); member != members.end(); ++member) {
        if (member.key_equals(wanted))
            found = view_of(member.value());
    }
    return found;
}

std::size_t json_view_size(struct json_view container)
{
    return container.type == JSON_VIEW_OBJECT  ? get<dom::element>(container.place).get_object().value_unsafe().size()
           : container.type == JSON_VIEW_ARRAY ? get<dom::element>(container.place).get_array().value_unsafe().size()
                                               : 0;
}

struct json_walk json_view_walk(struct json_view container)
{
    struct json_walk walk = {};
    walk.is_object = container.type == JSON_VIEW_OBJECT;
    if (walk.is_object) {
        dom::object members = get<dom::element>(container.place).get_object().value_unsafe();
        put(walk.at, members.begin());
        put(walk.end, members.end());
    } else if (container.type == JSON_VIEW_ARRAY) {
        dom::array items = get<dom::element>(container.place).get_array().value_unsafe();
        put(walk.at, items.begin());
        put(walk.end, items.end());
    }
    return walk;
}

bool json_walk_next(struct json_walk *walk, struct text *key, struct json_view *value)
{
    if (walk->at[0] == walk->end[0] && walk->at[1] == walk->end[1])
        return false;
    *key = TEXT_NONE;
    if (walk->is_object) {
        auto at = get<dom::object::iterator>(walk->at);
        *key = text_from(at.key());
        *value = view_of(at.value());
        put(walk->at, ++at);
    } else {
        auto at = get<dom::array::iterator>(walk->at);
        *value = view_of(*at);
        put(walk->at, ++at);
    }
    return true;
}
