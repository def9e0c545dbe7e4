/*
 * arazzo_scope.h - something for expressions to look at: inputs, a finished step, a request and its reply.
 */
#pragma once

#include "arazzo/expression.h"

struct arazzo_scope {
    struct exchange *exchange;
    json_t *inputs, *steps;
    struct scope scope;
};

static inline void arazzo_scope_create(struct arazzo_scope *made)
{
    made->exchange = exchange_create();
    made->exchange->method = "GET";
    made->exchange->url = "http://127.0.0.1/a/7?b=c";
    exchange_add_header(made->exchange, TEXT("Accept"), TEXT("*/*"));
    json_object_set_new(made->exchange->path_values, "id", json_integer(7));
    json_object_set_new(made->exchange->query_values, "b", json_string("c"));
    made->exchange->sent = true;
    made->exchange->status = 200;
    buffer_append_string(&made->exchange->reply, "{\"a\":[1,{\"b\":\"x\"}],\"n\":null,\"t\":\"12\"}");
    made->exchange->reply_json = json_loads(buffer_string(&made->exchange->reply), 0, NULL);
    made->inputs = json_pack("{s:s, s:s, s:i, s:[i,s,n], s:{s:f}}", "text", "one", "xml",
                             "<a xmlns:p='urn:p'><b id='1'>x</b><p:c>2</p:c></a>", "n", 3, "list", 1, "two", "o", "f", 0.5);
    made->steps = json_pack("{s:{s:{s:s, s:i}}}", "first", "outputs", "id", "x", "n", 4);
    made->scope = (struct scope){.exchange = made->exchange, .inputs = made->inputs, .steps = made->steps};
}

static inline void arazzo_scope_free(struct arazzo_scope *made)
{
    exchange_free(made->exchange);
    json_decref(made->inputs);
    json_decref(made->steps);
}
