#include "base/json_scan.h"

#include <new>
#include <simdjson.h>

extern "C" {
#include "base/json_grammar.h"
}

namespace {

/* A parser keeps room for the largest body it has seen; beyond this it is given back at once. */
constexpr std::size_t KEEP_BYTES = 256 * 1024;

struct scanner {
    simdjson::dom::parser parser;
};

thread_local scanner *own = nullptr;

struct owner {
    ~owner()
    {
        delete own;
        own = nullptr;
    }
};

} // namespace

const char *json_scan_check(const char *bytes, std::size_t size, std::size_t depth)
{
    static thread_local owner keeper;
    (void)keeper;
    if (size == 0)
        return "the body is empty";
    if (own == nullptr)
        own = new (std::nothrow) scanner;
    if (own == nullptr)
        return "there is no memory to parse it";
    std::size_t levels = depth + 1; /* simdjson counts the document itself */
    if (own->parser.max_depth() != levels && own->parser.allocate(KEEP_BYTES, levels) != simdjson::SUCCESS)
        return "there is no memory to parse it";
    simdjson::error_code code = own->parser.parse(bytes, size, true).error();
    if (size > KEEP_BYTES) {
        delete own;
        own = nullptr;
    }
    if (code == simdjson::NUMBER_ERROR) /* perhaps one that is only large */
        return json_grammar_check({bytes, size}, depth);
    return code == simdjson::SUCCESS ? nullptr : simdjson::error_message(code);
}
