#include "http/mail.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/encoding.h"

struct sending {
    struct text rest;
};

static size_t give(char *out, size_t size, size_t count, void *user)
{
    struct sending *sending = user;
    size_t room = size * count, part = sending->rest.size < room ? sending->rest.size : room;
    memcpy(out, sending->rest.data, part);
    sending->rest = text_slice(sending->rest, part, sending->rest.size);
    return part;
}

/* The body in base64, so that neither long lines nor lines of one dot matter. */
static void write_message(struct buffer *out, const struct mail *mail)
{
    enum { LINE = 57 };
    buffer_printf(out, "From: <%s>\r\nTo: %s\r\nSubject: ", mail->from, mail->to);
    for (size_t i = 0; i < mail->subject.size; i++) {
        char c = mail->subject.data[i];
        buffer_append_byte(out, c >= ' ' && c <= '~' ? c : '?');
    }
    buffer_append_string(out, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: base64\r\n\r\n");
    for (size_t at = 0; at < mail->body.size; at += LINE) {
        base64_encode(out, text_slice(mail->body, at, LINE));
        buffer_append_string(out, "\r\n");
    }
}

static struct curl_slist *recipients(const char *to)
{
    struct curl_slist *list = NULL;
    struct text rest = text_of(to), one;
    while (text_split(&rest, ',', &one)) {
        struct buffer address = {0};
        buffer_append_text(&address, text_trim(one));
        if (address.size > 0)
            list = curl_slist_append(list, buffer_string(&address));
        buffer_free(&address);
    }
    return list;
}

static void set_options(CURL *curl, const struct mail *mail, struct sending *sending, char *problem)
{
    curl_easy_setopt(curl, CURLOPT_URL, mail->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, mail->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, sending);
    if (mail->user != NULL && mail->user[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_USERNAME, mail->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
    }
}

bool mail_send(const struct mail *mail, struct error *error)
{
    char problem[CURL_ERROR_SIZE] = "";
    struct buffer message = {0};
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return error_set(error, ERROR_INTERNAL, "no memory for a mail");
    struct curl_slist *to = recipients(mail->to);
    write_message(&message, mail);
    struct sending sending = {buffer_text(&message)};
    set_options(curl, mail, &sending, problem);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    buffer_free(&message);
    return code == CURLE_OK ||
           error_set(error, ERROR_UNREACHABLE, "%s", problem[0] ? problem : curl_easy_strerror(code));
}
