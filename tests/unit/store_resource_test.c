/* Transformations with their executions, bookmarks and domains in the store. */
#include "store_fixture.h"

#include "store/bookmark.h"
#include "store/domain.h"
#include "store/execution.h"
#include "store/transformation.h"

static bool put_transformation(struct store_transaction *transaction, void *transformation, struct error *error)
{
    return store_put_transformation(transaction, transformation, error);
}

static bool insert_execution(struct store_transaction *transaction, void *execution, struct error *error)
{
    return store_insert_execution(transaction, execution, error);
}

static bool put_bookmark(struct store_transaction *transaction, void *bookmark, struct error *error)
{
    return store_put_bookmark(transaction, bookmark, error);
}

static bool insert_domain(struct store_transaction *transaction, void *domain, struct error *error)
{
    return store_insert_domain(transaction, domain, error);
}

static struct transformation a_transformation(struct text name)
{
    return (struct transformation){.id = id_new(), .project_id = PROJECT, .name = name, .env = TEXT("{\"A\":\"1\"}"),
                                   .code = TEXT("code"), .created_at = 10, .updated_at = 11};
}

static struct execution an_execution(int64_t transformation_id, enum execution_log_level level)
{
    return (struct execution){.id = id_new(), .project_id = PROJECT, .transformation_id = transformation_id,
                              .connection_id = 21, .request_id = 22, .log_level = level, .created_at = NOW,
                              .logs = TEXT("[{\"type\":\"log\",\"message\":\"m\"}]"), .has_result = true,
                              .result = {.path = TEXT("/p"), .query = TEXT("q=1"), .headers = TEXT("a: b\n"),
                                         .body = TEXT("{\"body\":1}")}};
}

static void transformations_are_listed_without_their_code(void **state)
{
    struct fixture *f = *state;
    struct transformation one = a_transformation(TEXT("one")), read, *found;
    struct store_list list = {.project_id = PROJECT, .order_by = FIELD_NAME, .limit = 5};
    struct store_page page;
    MUST_WRITE(f, put_transformation, &one);
    assert_true(store_list_transformations(f->reader, &f->arena, &list, &found, &page, &f->error));
    assert_int_equal(page.count, 1);
    ASSERT_TEXT(found[0].name, "one");
    assert_null(found[0].code.data);
    assert_true(store_read_transformation_by_name(f->reader, &f->arena, PROJECT, TEXT("one"), &read, &f->error));
    ASSERT_TEXT(read.code, "code");
    ASSERT_TEXT(read.env, "{\"A\":\"1\"}");
    assert_false(store_read_transformation(f->reader, &f->arena, PROJECT + 1, one.id, &read, &f->error));
    assert_int_equal(f->error.code, ERROR_NOT_FOUND);
}

static void a_connection_that_uses_a_transformation_is_found(void **state)
{
    struct fixture *f = *state;
    struct transformation used = a_transformation(TEXT("used")), unused = a_transformation(TEXT("unused"));
    struct connection connection = a_connection(f->source_id, f->destination_id, TEXT("with-rule")), found;
    char id[ID_TEXT_SIZE], rules[128];
    id_format(ID_TRANSFORMATION, used.id, id);
    snprintf(rules, sizeof rules, "[{\"type\":\"transform\",\"transformation_id\":\"%s\"}]", id);
    connection.rules = text_of(rules);
    MUST_WRITE(f, put_connection, &connection);
    assert_true(store_read_connection_of_transformation(f->reader, &f->arena, PROJECT, used.id, &found, &f->error));
    assert_int_equal(found.id, connection.id);
    assert_false(store_read_connection_of_transformation(f->reader, &f->arena, PROJECT, unused.id, &found, &f->error));
    assert_int_equal(f->error.code, ERROR_NOT_FOUND);
    connection.deleted_at = 5;
    MUST_WRITE(f, put_connection, &connection);
    assert_false(store_read_connection_of_transformation(f->reader, &f->arena, PROJECT, used.id, &found, &f->error));
}

static void executions_come_back_as_written(void **state)
{
    struct fixture *f = *state;
    struct execution written = an_execution(9, EXECUTION_WARN), read;
    MUST_WRITE(f, insert_execution, &written);
    assert_true(store_read_execution(f->reader, &f->arena, PROJECT, written.id, &read, &f->error));
    assert_int_equal(read.transformation_id, 9);
    assert_int_equal(read.connection_id, 21);
    assert_int_equal(read.request_id, 22);
    assert_int_equal(read.log_level, EXECUTION_WARN);
    ASSERT_TEXT(read.logs, "[{\"type\":\"log\",\"message\":\"m\"}]");
    assert_true(store_read_execution_result(f->reader, &f->arena, &read, &f->error));
    assert_true(read.has_result);
    ASSERT_TEXT(read.result.path, "/p");
    ASSERT_TEXT(read.result.query, "q=1");
    ASSERT_TEXT(read.result.headers, "a: b\n");
    ASSERT_TEXT(read.result.body, "{\"body\":1}");
    struct execution without = an_execution(9, EXECUTION_FATAL);
    without.has_result = false;
    MUST_WRITE(f, insert_execution, &without);
    assert_true(store_read_execution_result(f->reader, &f->arena, &without, &f->error));
    assert_false(without.has_result);
    static char large[EXECUTION_LOGS_BYTES + 1];
    memset(large, ' ', sizeof large);
    written.id = id_new();
    written.logs = (struct text){large, sizeof large};
    assert_false(write_step(f->store, true, insert_execution, &written, &f->error));
    assert_int_equal(f->error.code, ERROR_TOO_LARGE);
}

static void executions_are_listed_by_transformation_and_level(void **state)
{
    struct fixture *f = *state;
    struct execution rows[] = {an_execution(9, EXECUTION_INFO), an_execution(9, EXECUTION_FATAL),
                               an_execution(8, EXECUTION_FATAL)};
    for (size_t i = 0; i < 3; i++)
        MUST_WRITE(f, insert_execution, &rows[i]);
    const struct store_value nine = {.integer = 9}, fatal = {.integer = EXECUTION_FATAL};
    const struct store_filter filters[] = {{FIELD_TRANSFORMATION_ID, OP_IN, &nine, 1}, {FIELD_LOG_LEVEL, OP_IN, &fatal, 1}};
    struct store_list list = {.project_id = PROJECT, .filters = filters, .filter_count = 1,
                              .order_by = FIELD_CREATED_AT, .limit = 5};
    struct store_page page;
    struct execution *found;
    assert_true(store_list_executions(f->reader, &f->arena, &list, &found, &page, &f->error));
    assert_int_equal(page.count, 2);
    assert_int_equal(found[0].id, rows[1].id);
    list.filter_count = 2;
    assert_true(store_list_executions(f->reader, &f->arena, &list, &found, &page, &f->error));
    assert_int_equal(page.count, 1);
    assert_int_equal(found[0].id, rows[1].id);
}

static void names_of_bookmarks_are_taken_once_in_a_project(void **state)
{
    struct fixture *f = *state;
    struct bookmark one = {.id = id_new(), .project_id = PROJECT, .name = TEXT("n"), .label = TEXT("l")}, twin = one;
    MUST_WRITE(f, put_bookmark, &one);
    twin.id = id_new();
    assert_false(write_step(f->store, true, put_bookmark, &twin, &f->error));
    assert_int_equal(f->error.code, ERROR_CONFLICT);
    twin.project_id = PROJECT + 1;
    MUST_WRITE(f, put_bookmark, &twin);
}

static void host_names_are_taken_once_in_all_projects(void **state)
{
    struct fixture *f = *state;
    struct domain one = {.id = id_new(), .project_id = PROJECT, .hostname = TEXT("a.example")}, twin = one, *found;
    size_t count;
    MUST_WRITE(f, insert_domain, &one);
    twin.id = id_new();
    twin.project_id = PROJECT + 1;
    assert_false(write_step(f->store, true, insert_domain, &twin, &f->error));
    assert_int_equal(f->error.code, ERROR_CONFLICT);
    assert_true(store_read_domains(f->reader, &f->arena, PROJECT + 1, &found, &count, &f->error));
    assert_int_equal(count, 0);
}

static void host_names_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *given, *read; /* NULL: refused */
    } cases[] = {
        {"hooks.example.com", "hooks.example.com"}, {"Hooks.EXAMPLE.com", "hooks.example.com"},
        {"a-b.c1", "a-b.c1"}, {"1.2.3.x4", "1.2.3.x4"}, {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"", NULL}, {"localhost", NULL}, {"127.0.0.1", NULL}, {"[::1]", NULL}, {"a.example:80", NULL},
        {"*.example.com", NULL}, {"a_b.example", NULL}, {"-a.example", NULL}, {"a-.example", NULL}, {".example", NULL},
        {"example.com.", NULL}, {"a..b", NULL}, {"a b.example", NULL}, {"b\xc3\xbc.example", NULL},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.example",
         "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.example"},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234.example", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[DOMAIN_NAME_BYTES + 1];
        bool good = domain_read(text_of(cases[i].given), out);
        if (good != (cases[i].read != NULL) || (good && strcmp(out, cases[i].read) != 0))
            fail_msg("\"%s\" was read as \"%s\"", cases[i].given, good ? out : "(none)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(transformations_are_listed_without_their_code),
        WITH_STORE(a_connection_that_uses_a_transformation_is_found),
        WITH_STORE(executions_come_back_as_written),
        WITH_STORE(executions_are_listed_by_transformation_and_level),
        WITH_STORE(names_of_bookmarks_are_taken_once_in_a_project),
        WITH_STORE(host_names_are_taken_once_in_all_projects),
        cmocka_unit_test(host_names_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
