/*
 * What OpenSSL found wrong with a certificate. libcurl tells it, but for the TLS of a destination within that of a proxy:
 * there 7.88 loses it when the alert goes out, and knows only that the handshake failed.
 */
#include <openssl/ssl.h>
#include <pthread.h>

#include "http/client_parts.h"

static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static int client_index, transfer_index;

static void make_index(void)
{
    client_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    transfer_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* A server may want another handshake (TLS 1.2) when the transfer that opened the connection is gone. */
static struct transfer *find_running(const struct http_client *client, const struct transfer *wanted)
{
    struct transfer *transfer = client->running;
    while (transfer != NULL && transfer != wanted)
        transfer = transfer->next;
    return transfer;
}

static int note(int good, X509_STORE_CTX *check)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
    const SSL_CTX *context = SSL_get_SSL_CTX(ssl);
    struct transfer *transfer = good ? NULL
                                     : find_running(SSL_CTX_get_ex_data(context, client_index),
                                                    SSL_CTX_get_ex_data(context, transfer_index));
    if (transfer != NULL)
        transfer->verdict = X509_STORE_CTX_get_error(check);
    return good;
}

static CURLcode set_up(CURL *easy, void *context, void *user)
{
    (void)easy;
    struct transfer *transfer = user;
    SSL_CTX_set_ex_data(context, client_index, transfer->client);
    SSL_CTX_set_ex_data(context, transfer_index, transfer);
    SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), note);
    return CURLE_OK;
}

void transfer_note_verdicts(struct transfer *transfer)
{
    pthread_once(&index_once, make_index);
    curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_FUNCTION, set_up);
    curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_DATA, transfer);
}
