/* What libcurl, the system and OpenSSL say of a failed call, in our words. */
#include "case.h"

#include <errno.h>
#include <openssl/x509_vfy.h>

#include "http/failure.h"

#define TLS_SAID(code) "OpenSSL/3.0.0: error:" code ":SSL routines::something"

static void each_failure_has_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        CURLcode result;
        long system_error, verify, proxy;
        const char *text;
        enum http_failure failure;
    } cases[] = {
        {"nothing", CURLE_OK, 0, 0, 0, NULL, HTTP_OK},
        {"refused", CURLE_COULDNT_CONNECT, ECONNREFUSED, 0, 0, NULL, HTTP_CONNECTION_REFUSED},
        {"reset while connecting", CURLE_COULDNT_CONNECT, ECONNRESET, 0, 0, NULL, HTTP_CONNECTION_RESET},
        {"no host", CURLE_COULDNT_CONNECT, EHOSTUNREACH, 0, 0, NULL, HTTP_HOST_UNREACHABLE},
        {"no network", CURLE_COULDNT_CONNECT, ENETUNREACH, 0, 0, NULL, HTTP_NETWORK_UNREACHABLE},
        {"no answer to SYN", CURLE_COULDNT_CONNECT, ETIMEDOUT, 0, 0, NULL, HTTP_TIMEOUT},
        {"no socket", CURLE_COULDNT_CONNECT, EMFILE, 0, 0, NULL, HTTP_NETWORK_ERROR},
        {"reset", CURLE_RECV_ERROR, ECONNRESET, 0, 0, NULL, HTTP_CONNECTION_RESET},
        {"reset while sending", CURLE_SEND_ERROR, EPIPE, 0, 0, NULL, HTTP_CONNECTION_RESET},
        {"no tunnel", CURLE_RECV_ERROR, 0, 0, 0, "Received HTTP code 503 from proxy after CONNECT", HTTP_NETWORK_ERROR},
        {"a bad chunk", CURLE_RECV_ERROR, 0, 0, 0, "Illegal or missing hexadecimal sequence in chunked-encoding", HTTP_BAD_RESPONSE},
        {"an alert while reading", CURLE_RECV_ERROR, 0, 0, 0, "OpenSSL SSL_read: " TLS_SAID("0A00045C"), HTTP_PROTOCOL_ERROR},
        {"no TLS", CURLE_SSL_CONNECT_ERROR, 0, 0, 0, TLS_SAID("0A00010B"), HTTP_NOT_TLS},
        {"HTTP in the place of TLS", CURLE_SSL_CONNECT_ERROR, 0, 0, 0, TLS_SAID("0A00009C"), HTTP_NOT_TLS},
        {"TLS that ends", CURLE_SSL_CONNECT_ERROR, 0, 0, 0, TLS_SAID("0A000126"), HTTP_SOCKET_CLOSED},
        {"TLS that is refused", CURLE_SSL_CONNECT_ERROR, 0, 0, 0, TLS_SAID("0A000410"), HTTP_PROTOCOL_ERROR},
        {"TLS that is reset", CURLE_SSL_CONNECT_ERROR, ECONNRESET, 0, 0, "OpenSSL SSL_connect: Connection reset by peer", HTTP_CONNECTION_RESET},
        {"TLS without a word", CURLE_SSL_CONNECT_ERROR, 0, 0, 0, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL", HTTP_SOCKET_CLOSED},
        {"a code that is none", CURLE_SSL_CONNECT_ERROR, 0, 0, 0, "error:", HTTP_SOCKET_CLOSED},
        {"expired", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_CERT_HAS_EXPIRED, 0, NULL, HTTP_CERT_EXPIRED},
        {"too early", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_CERT_NOT_YET_VALID, 0, NULL, HTTP_CERT_EXPIRED},
        {"self-signed", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, NULL, HTTP_SELF_SIGNED_CERT},
        {"an unknown root", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 0, NULL, HTTP_CERT_UNKNOWN_AUTHORITY},
        {"no issuer", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, NULL, HTTP_CERT_ISSUER_UNKNOWN},
        {"another name", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_UNSPECIFIED, 0, NULL, HTTP_CERT_NAME_INVALID},
        {"another name, said otherwise", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_OK, 0, NULL, HTTP_CERT_NAME_INVALID},
        {"revoked", CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_CERT_REVOKED, 0, NULL, HTTP_CERT_UNKNOWN_AUTHORITY},
        {"closed", CURLE_GOT_NOTHING, 0, 0, 0, NULL, HTTP_SOCKET_CLOSED},
        {"half", CURLE_PARTIAL_FILE, 0, 0, 0, NULL, HTTP_SOCKET_CLOSED},
        {"no HTTP", CURLE_UNSUPPORTED_PROTOCOL, 0, 0, 0, "Received HTTP/0.9 when not allowed", HTTP_BAD_RESPONSE},
        {"HTTP/7", CURLE_UNSUPPORTED_PROTOCOL, 0, 0, 0, "Unsupported HTTP version (7.0) in response", HTTP_BAD_RESPONSE},
        {"ftp", CURLE_UNSUPPORTED_PROTOCOL, 0, 0, 0, "Protocol \"ftp\" not supported", HTTP_INVALID_URL},
        {"a proxy that sees no host", CURLE_PROXY, 0, 0, CURLPX_REPLY_HOST_UNREACHABLE, NULL, HTTP_HOST_UNREACHABLE},
        {"a proxy that is refused", CURLE_PROXY, 0, 0, CURLPX_REPLY_CONNECTION_REFUSED, NULL, HTTP_CONNECTION_REFUSED},
        {"a proxy that fails", CURLE_PROXY, 0, 0, CURLPX_REPLY_GENERAL_SERVER_FAILURE, NULL, HTTP_NETWORK_ERROR},
        {"a stream", CURLE_HTTP2_STREAM, 0, 0, 0, NULL, HTTP_PROTOCOL_ERROR},
        {"an address that is not here", CURLE_INTERFACE_FAILED, 0, 0, 0, NULL, HTTP_NETWORK_ERROR},
        {"something else", CURLE_LDAP_SEARCH_FAILED, 0, 0, 0, NULL, HTTP_FAILED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct failure_facts facts = {cases[i].result, cases[i].system_error, cases[i].verify, cases[i].proxy,
                                      text_of(cases[i].text), false};
        check_integer(cases[i].what, "failure", http_failure_of(&facts), cases[i].failure);
    }
}

static void what_is_wrong_with_a_proxy_is_said_of_no_destination(void **state)
{
    (void)state;
    struct failure_facts expired = {CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_CERT_HAS_EXPIRED, 0, TEXT_NONE, true};
    struct failure_facts no_tls = {CURLE_SSL_CONNECT_ERROR, 0, 0, 0, text_of(TLS_SAID("0A00010B")), true};
    struct failure_facts refused = {CURLE_COULDNT_CONNECT, ECONNREFUSED, 0, 0, TEXT_NONE, true};
    check_integer("an expired certificate", "failure", http_failure_of(&expired), HTTP_NETWORK_ERROR);
    check_integer("no TLS", "failure", http_failure_of(&no_tls), HTTP_NETWORK_ERROR);
    check_integer("refused", "failure", http_failure_of(&refused), HTTP_CONNECTION_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_has_its_name),
        cmocka_unit_test(what_is_wrong_with_a_proxy_is_said_of_no_destination),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
