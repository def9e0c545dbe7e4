#include "http/failure.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

/* X509_V_ERR_* by meaning. */
static enum http_failure certificate_failure(long verify_result)
{
    switch (verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return HTTP_CERT_EXPIRED;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return HTTP_SELF_SIGNED_CERT;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_OK: /* the chain is good, so libcurl missed the name; it leaves the result as it was before or after */
    case X509_V_ERR_UNSPECIFIED:
        return HTTP_CERT_NAME_INVALID;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        return HTTP_CERT_ISSUER_UNKNOWN;
    default: /* X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN above all: a root that is not trusted */
        return HTTP_CERT_UNKNOWN_AUTHORITY;
    }
}

static enum http_failure connect_failure(long system_error)
{
    switch (system_error) {
    case EHOSTUNREACH:
        return HTTP_HOST_UNREACHABLE;
    case ENETUNREACH:
        return HTTP_NETWORK_UNREACHABLE;
    case ECONNRESET:
        return HTTP_CONNECTION_RESET;
    case ETIMEDOUT:
        return HTTP_TIMEOUT;
    case ECONNREFUSED:
    case 0:
        return HTTP_CONNECTION_REFUSED;
    default:
        return HTTP_NETWORK_ERROR;
    }
}

/* OpenSSL's reason as libcurl tells it in its sentence; 0: it tells none. */
static int tls_reason(struct text text)
{
    ptrdiff_t place = text_find(text, TEXT("error:"));
    if (place < 0)
        return 0;
    return ERR_GET_REASON(strtoul(text.data + place + 6, NULL, 16));
}

/* A handshake that failed, or a connection that TLS broke off. `other`: without a reason of TLS's own. */
static enum http_failure tls_failure(const struct failure_facts *facts, enum http_failure other)
{
    int reason = tls_reason(facts->text);
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
        return HTTP_NOT_TLS;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return HTTP_SOCKET_CLOSED;
    case 0:
        return facts->system_error == ECONNRESET || facts->system_error == EPIPE ? HTTP_CONNECTION_RESET : other;
    default: /* alerts above all: no protocol or cipher in common, a client's certificate that is wanted */
        return HTTP_PROTOCOL_ERROR;
    }
}

/* What a SOCKS proxy says of the host behind it. */
static enum http_failure proxy_failure(long proxy_error)
{
    switch (proxy_error) {
    case CURLPX_REPLY_HOST_UNREACHABLE:
        return HTTP_HOST_UNREACHABLE;
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
        return HTTP_NETWORK_UNREACHABLE;
    case CURLPX_REPLY_CONNECTION_REFUSED:
        return HTTP_CONNECTION_REFUSED;
    case CURLPX_REPLY_TTL_EXPIRED:
        return HTTP_TIMEOUT;
    case CURLPX_RESOLVE_HOST:
        return HTTP_NOT_FOUND;
    default:
        return HTTP_NETWORK_ERROR;
    }
}

/* libcurl has a result of its own for little of what a reply can be instead of HTTP, and tells the rest in words. */
static bool tells_of_reply(struct text text)
{
    return text_starts_with(text, TEXT("Received HTTP/0.9")) || text_starts_with(text, TEXT("Unsupported HTTP")) ||
           text_ends_with(text, TEXT("in chunked-encoding"));
}

enum http_failure http_failure_of(const struct failure_facts *facts)
{
    if (tells_of_reply(facts->text))
        return HTTP_BAD_RESPONSE;
    switch (facts->result) {
    case CURLE_OK:
        return HTTP_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
        return HTTP_NOT_FOUND;
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_DNS_LOOKUP_FAILED;
    case CURLE_COULDNT_CONNECT:
        return connect_failure(facts->system_error);
    case CURLE_PROXY:
        return proxy_failure(facts->proxy_error);
    case CURLE_INTERFACE_FAILED:
        return HTTP_NETWORK_ERROR;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return tls_failure(facts, HTTP_NETWORK_ERROR);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return HTTP_SOCKET_CLOSED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return HTTP_INVALID_URL;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_OUT_OF_MEMORY: /* a line of a reply's headers beyond what libcurl holds */
        return HTTP_BAD_RESPONSE;
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_HTTP3:
        return HTTP_PROTOCOL_ERROR;
    case CURLE_BAD_CONTENT_ENCODING:
        return HTTP_BAD_ENCODING;
    case CURLE_TOO_MANY_REDIRECTS:
        return HTTP_TOO_MANY_REDIRECTS;
    case CURLE_PEER_FAILED_VERIFICATION:
        return facts->at_proxy ? HTTP_NETWORK_ERROR : certificate_failure(facts->verify_result);
    case CURLE_SSL_CONNECT_ERROR: /* what is wrong with a proxy's TLS is said of no destination's */
        return facts->at_proxy ? HTTP_NETWORK_ERROR : tls_failure(facts, HTTP_SOCKET_CLOSED);
    case CURLE_SSL_CACERT_BADFILE:
        return HTTP_NETWORK_ERROR;
    case CURLE_ABORTED_BY_CALLBACK:
        return HTTP_CANCELLED;
    default:
        return HTTP_FAILED;
    }
}
