/* The table of schemes: every row can be used, and is what the API names. */
#include "case.h"

#include <stdio.h>
#include <string.h>

#include "api/contract_rows.h"
#include "verify/verify.h"

static bool is_listed(const char *const *names, const char *type)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, type) == 0)
            return true;
    }
    return false;
}

static void the_api_names_every_row(void **state)
{
    const struct scheme *scheme;
    size_t rows = 0, types = 0, names = 0;
    (void)state;
    for (; (scheme = scheme_at(rows)) != NULL; rows++) {
        if (!is_listed(source_auth_type_names, scheme->type))
            fail_msg("%s is not among the API's names", scheme->type);
        if (is_listed(source_type_names, scheme->type) == scheme->auth_type_only)
            fail_msg("%s: a source type or not?", scheme->type);
        assert_ptr_equal(scheme_find(text_of(scheme->type)), scheme); /* and not another of the same name */
        types += !scheme->auth_type_only;
    }
    for (; source_type_names[names] != NULL; names++) {
        if (scheme_find(text_of(source_type_names[names])) == NULL)
            fail_msg("%s is in no table", source_type_names[names]);
    }
    assert_int_equal(types, names);
    assert_int_equal(types, 154);
}

/* Made for this test. */
static const char PRIVATE_KEY[] =
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBANJcmk2QXcAq5Fnad9qbDCe7RQlJnw0a9Paspumrdrp+WZeY4Si3"
    "qv9SgZIWhN6L7n9v/4uN17cumJfQIpvBVD5+cfA3z6ZDbACQCt7cbWm80NL3tlXifG8cK/yo0WLdILKXuGB/sTiKRw0KUK9Uz6CZ"
    "TOGvjYilS4pRhU5M9FVJAgMBAAECgYEAjdUH6IIM49NHkVmec9MUN/moy2FLDs/9GBBCncwQyh8EkxTtwsFLVsivOeta/J3GWUAP"
    "QW2KYyTUl48qtm98N0kR09vI2e+esuZ8a1Iwdv6qhoq0QD/76TRiw7CNUsHwF2NKcPPfUEWnnSPdA2eTjxJnhNfVuJkQEvi/WV/V"
    "NB0CQQD2l4jlVYYGmv+ZuuvTXN3UoHAhxe7AMVerKrEWOOSPFTDIT6AeXBreMNwHgV7COLqr/D33CH+u9dTjPg3O+usnAkEA2mM1"
    "E66uUOqYwJkuWiWQgZ3oBEbz/0grp0eASVGUE1b140JH5UGOVvljFnXvmjbHfOSyw70P4A3+70gaVavCDwJBAJnFfVSltGJCHcob"
    "yhuP+bUyJzqoV236VxUiFjQpXj3rlPQU02CbRxXvmgYEIrcy8RV2wp1d62GLYyoh9DJyPlkCQCQSaOz0WHSjG1IMuzxGoiTWuUEj"
    "mx/aguNhiw4RPH0pSvobs5ZpiqJRFQ3bsxTs4Wx+tgxgySOADFDnvvnRof8CQG3AdD/j/Ar1lIAHek/8h+7+7ptPhB0C6sTDGW+H"
    "sp4qQYEaFaIkaxrLXPxH3vDnTTxpBnJcPZff0DG5BPi3PAE=";

/* A value that the field takes. */
static const char *value_of(const struct scheme *scheme, const struct auth_field *field)
{
    bool is_key = scheme->secret != NULL && strstr(field->name, scheme->secret) != NULL;
    if (field->names != NULL)
        return field->names[0];
    if (strcmp(field->name, "private_key") == 0)
        return PRIVATE_KEY;
    if (strcmp(field->name, "neon_auth_url") == 0)
        return "https://ep-x-1.neonauth.c-2.us-east-1.aws.neon.tech/neondb/auth";
    if (!is_key)
        return "some-value";
    switch (scheme->key) {
    case KEY_HEX: return "00ff";
    case KEY_PEM:
        return scheme->method == METHOD_ECDSA
                   ? "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEklZAj5aYRrelrPZRUIbMyjDSoLLH14j1498sXQGlSKkSD/kYYdG4fjSRSnS+"
                     "f72n65sGu6pBT+bzLgDfMeCSWA=="
                   : "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyJJgX02bkfgh3qX01LAv+LppIu2KkAjxS6cBaY+Sh1NY3kBKRHJJ35ee"
                     "Q3L66VmTRAf99uTf5Yl/aNPsDc1NUpI/qQbWChZEKQdOCO/AVSaqNrCVCdWiuzpD6oNzPui4i1E67BLhVfPxroXUEgM3/V9qLEp8"
                     "omd91U9gD8XiqlObf66VQkqYgC7PW+fEjJ9PfxDz4Wl8VazBvLAm0H811RWz2jJY8l6//btNiwSucWFoQ3v+PMozZifdIxXKeKF1"
                     "HaAn86jdQMaLE92IoZcdYZvp4hroXjTnzLXpJO+P5n6fxSIay0KJaUdHZZf/bDpIFuTN2EaNBh804ihXpqvnvwIDAQAB";
    case KEY_ED25519: return "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    default: return "c2VjcmV0c2VjcmV0";
    }
}

static void config_of(const struct scheme *scheme, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{\"auth\":{");
    for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++)
        used += (size_t)snprintf(out + used, size - used, "%s\"%s\":\"%s\"", field == scheme->fields ? "" : ",",
                                 field->name, value_of(scheme, field));
    snprintf(out + used, size - used, "}}");
}

static void every_row_can_be_used(void **state)
{
    const struct scheme *scheme;
    (void)state;
    for (size_t i = 0; (scheme = scheme_at(i)) != NULL; i++) {
        char config[4096];
        struct error error = {0};
        config_of(scheme, config, sizeof config);
        if (scheme->auth_type_only)
            continue; /* verify_request_test has them */
        struct verifier *verifier = verifier_new(text_of(scheme->type), text_of(config), &error);
        if (error.code != ERROR_NONE)
            fail_msg("%s: %s", scheme->type, error.message);
        if (verifier_checks(verifier) != scheme_checks(scheme))
            fail_msg("%s: is it checked or not?", scheme->type);
        verifier_free(verifier);
    }
}

/* What the row promises to a reader. */
static void every_row_says_what_is_needed(void **state)
{
    const struct scheme *scheme;
    (void)state;
    for (size_t i = 0; (scheme = scheme_at(i)) != NULL; i++) {
        bool checks = scheme_checks(scheme);
        if (checks != (scheme->confidence == SCHEME_CHECKED))
            fail_msg("%s: checked, but not for sure; or the other way round", scheme->type);
        if (checks && (scheme->find == NULL || (scheme->secret == NULL && scheme->origin == NULL) ||
                       scheme->fields == NULL))
            fail_msg("%s: what must be entered?", scheme->type);
        if ((scheme->tolerance_s > 0) != (scheme->time != NULL))
            fail_msg("%s: a time without a tolerance", scheme->type);
    }
}

static bool is_described(const char *name)
{
    const struct field_row *row = source_auth_fields;
    while (row->name != NULL && strcmp(row->name, name) != 0)
        row++;
    return row->name != NULL;
}

static bool is_used(const char *name)
{
    const struct scheme *scheme;
    for (size_t i = 0; (scheme = scheme_at(i)) != NULL; i++) {
        for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++) {
            if (strcmp(field->name, name) == 0)
                return true;
        }
    }
    return false;
}

static void the_api_describes_every_field(void **state)
{
    const struct scheme *scheme;
    (void)state;
    for (size_t i = 0; (scheme = scheme_at(i)) != NULL; i++) {
        for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++) {
            if (!is_described(field->name))
                fail_msg("%s: %s is not described", scheme->type, field->name);
        }
    }
    for (const struct field_row *row = source_auth_fields; row->name != NULL; row++) {
        if (!is_used(row->name))
            fail_msg("%s is of no scheme", row->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_api_names_every_row), cmocka_unit_test(every_row_can_be_used),
        cmocka_unit_test(every_row_says_what_is_needed), cmocka_unit_test(the_api_describes_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
