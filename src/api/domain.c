#include "api/contract_rows.h"
#include "api/nouns.h"

#include "store/domain.h"

enum { DOMAINS_MOST = 100 }; /* of a project */

/* A name that leads to the gateway is all that it takes, so there is nothing to wait for. */
static json_t *domain_json(const struct domain *domain)
{
    return json_pack("{s:o, s:o, s:s, s:o}", "id", call_id(ID_DOMAIN, domain->id), "hostname",
                     json_text(domain->hostname), "status", "active", "created_at", json_moment(domain->created_at));
}

/* A name that became a project's own would shut everybody else out of the API and the dashboard. */
static bool is_of_gateway(const struct call *call, struct text hostname)
{
    struct text url = text_of(call->public_url);
    ptrdiff_t slash = text_find_byte(url, '/');
    struct text host = slash < 0 ? url : text_slice(url, (size_t)slash + 2, url.size);
    return text_starts_with(host, hostname) &&
           (host.size == hostname.size || host.data[hostname.size] == ':' || host.data[hostname.size] == '/');
}

static bool change_create(struct call *call)
{
    struct error error = {0};
    struct domain *domains, other;
    size_t count;
    char hostname[DOMAIN_NAME_BYTES + 1];
    if (!domain_read(json_member_text(call->body, "hostname"), hostname)) {
        call_problem(call, "hostname: must be the name of a host, like hooks.example.com");
        return call_check(call);
    }
    if (is_of_gateway(call, text_of(hostname))) {
        call_problem(call, "hostname: %s is the gateway's own (its public URL)", hostname);
        return call_check(call);
    }
    if (!store_read_domains(call->reader, call->arena, call->project_id, &domains, &count, &error))
        return call_fail_error(call, &error);
    if (store_read_domain_by_hostname(call->reader, call->arena, text_of(hostname), &other, &error))
        return call_fail(call, 409, NULL, "the host name %s is taken", hostname);
    if (error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    if (count >= DOMAINS_MOST) {
        call_problem(call, "hostname: a project has at most %d of them", DOMAINS_MOST);
        return call_check(call);
    }
    struct domain domain = {.id = id_new(), .project_id = call->project_id, .hostname = text_of(hostname),
                            .created_at = call->now};
    error = (struct error){0};
    call->changed_id = domain.id;
    return store_insert_domain(call->transaction, &domain, &error) || call_fail_error(call, &error);
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct domain domain;
    int64_t key;
    bool found = id_parse(ID_DOMAIN, call->id, &key) &&
                 store_read_domain(call->reader, call->arena, call->project_id, key, &domain, &error);
    if (!found && error.code != ERROR_NONE && error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    if (!found)
        return call_fail_missing(call, "custom domain", call->id);
    return store_delete_domain(call->transaction, domain.id, &error) || call_fail_error(call, &error);
}

static bool domain_create(struct call *call)
{
    struct error error = {0};
    struct domain domain;
    if (!call_write(call, change_create))
        return false;
    if (!store_read_domain(call->reader, call->arena, call->project_id, call->changed_id, &domain, &error))
        return call_fail_error(call, &error);
    return call_reply(call, domain_json(&domain));
}

static bool domain_list(struct call *call)
{
    struct error error = {0};
    struct domain *domains;
    size_t count;
    if (!store_read_domains(call->reader, call->arena, call->project_id, &domains, &count, &error))
        return call_fail_error(call, &error);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, domain_json(&domains[i]));
    return call_reply(call, array);
}

static bool domain_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row domain_fields[] = {
    {"hostname", VALUE_TEXT, .required = true, .most = DOMAIN_NAME_BYTES},
    END,
};
static const struct field_row domain_shape[] = {
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "hostname", VALUE_TEXT, .required = true},
    {.name = "status", VALUE_TEXT, .required = true}, MOMENT("created_at"), END,
};
static const struct field_row domain_item = {"", VALUE_OBJECT, .fields = domain_shape};
static const struct field_row domain_array_shape[] = {{"", VALUE_ARRAY, .item = &domain_item}, END};
static const struct field_row deleted_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct shape shapes[] = {
    {"AddCustomHostname", domain_shape}, {"ListCustomDomainSchema", domain_array_shape},
    {"DeleteCustomDomainSchema", deleted_shape}, END,
};

static const struct operation operations[] = {
    {"GET", "/teams/current/custom_domains", "listCustomDomains", "List the project's own host names", domain_list,
     NULL, NULL, "ListCustomDomainSchema"},
    {"POST", "/teams/current/custom_domains", "addCustomDomain", "Add a host name to the project", domain_create, NULL,
     domain_fields, "AddCustomHostname"},
    {"DELETE", "/teams/current/custom_domains/{domain_id}", "deleteCustomDomain", "Take a host name off the project",
     domain_delete, NULL, NULL, "DeleteCustomDomainSchema"},
};
OPERATIONS(domain_operations, operations, shapes);
