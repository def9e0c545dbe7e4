#include "http/failure.h"

#include <errno.h>
#include <openssl/x509_vfy.h>

/* X509_V_ERR_* by meaning. */
static enum http_failure certificate_failure(long verify_result)
{
    switch (verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return HTTP_CERT_EXPIRED;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return HTTP_SELF_SIGNED_CERT;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_OK: /* the chain is good, so libcurl missed the name */
        return HTTP_CERT_NAME_INVALID;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        return HTTP_CERT_ISSUER_UNKNOWN;
    default:
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

enum http_failure http_failure_of(CURLcode result, long system_error, long verify_result)
{
    switch (result) {
    case CURLE_OK:
        return HTTP_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
        return HTTP_NOT_FOUND;
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_DNS_LOOKUP_FAILED;
    case CURLE_COULDNT_CONNECT:
        return connect_failure(system_error);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return system_error == ECONNRESET || system_error == EPIPE ? HTTP_CONNECTION_RESET : HTTP_NETWORK_ERROR;
    case CURLE_GOT_NOTHING:
        return HTTP_SOCKET_CLOSED;
    case CURLE_PARTIAL_FILE:
        return HTTP_SOCKET_CLOSED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return HTTP_INVALID_URL;
    case CURLE_WEIRD_SERVER_REPLY:
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
        return certificate_failure(verify_result);
    case CURLE_SSL_CONNECT_ERROR:
        return HTTP_NOT_TLS;
    case CURLE_ABORTED_BY_CALLBACK:
        return HTTP_CANCELLED;
    default:
        return HTTP_FAILED;
    }
}
