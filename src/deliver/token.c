#include "deliver/token.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "deliver/token_request.h"
#include "store/token.h"

enum { SAVE_AGAIN_MS = 500, MARGIN_LEAST_MS = 1000, LIFETIME_LEAST_MS = 1000, LIFETIME_MOST_S = 366 * 24 * 3600 };

enum token_state { TOKEN_STATE_NONE, TOKEN_STATE_FETCHING, TOKEN_STATE_SAVING, TOKEN_STATE_GOOD, TOKEN_STATE_FAILED };

struct token {
    struct store_job job; /* first: the store hands it back */
    struct tokens *tokens;
    int64_t destination_id;
    struct catalog_destination *destination; /* what it was asked for with; holds a reference */
    enum token_state state;
    char *text;                 /* GOOD, and SAVING: what will be */
    int64_t until;              /* monotonic ms: GOOD ends; FAILED ends */
    uint64_t generation;        /* counts tokens, so that a late 401 drops no newer one */
    bool refused, again;        /* the last one was dropped after a 401; this one came after such a drop */
    char failure[sizeof((struct error *)NULL)->message];
    char *given, *refresh;      /* refresh counts while the settings name `given`; NULL: none */
    struct arena arena;         /* of the call that runs */
    int64_t asked_at;           /* monotonic ms: it began */
    struct http_call call;
    struct delivery *waiting, *last_waiting;
    struct token *next;         /* in tokens->queue or tokens->saving */
    enum { SAVE_RUNS, SAVE_DONE, SAVE_REFUSED } save; /* the engine's lock guards it */
    int64_t save_again_at;
};

struct tokens {
    struct deliver *deliver;
    struct hash_map of;                /* destination id -> struct token */
    struct token *queue, *last_queued; /* their calls wait for others to end */
    struct token *saving;
    int64_t calls;                     /* that run */
};

/* ---- waiting deliveries ---- */

/* A delivery that waits counts for its own lane only, which starts no other meanwhile. */
static void park(struct token *token, struct delivery *delivery)
{
    struct deliver *deliver = token->tokens->deliver;
    delivery->next = NULL;
    delivery->waited = true;
    if (token->waiting == NULL)
        token->waiting = delivery;
    else
        token->last_waiting->next = delivery;
    token->last_waiting = delivery;
    pthread_mutex_lock(&deliver->lock);
    delivery->lane->outlet->waits = true;
    deliver->running--;
    deliver->waiting++;
    pthread_mutex_unlock(&deliver->lock);
}

/* There is an answer, good or bad: all that waited begin again. */
static void resume(struct token *token)
{
    struct deliver *deliver = token->tokens->deliver;
    struct delivery *delivery = token->waiting;
    token->waiting = token->last_waiting = NULL;
    while (delivery != NULL) {
        struct delivery *next = delivery->next;
        pthread_mutex_lock(&deliver->lock);
        deliver->waiting--;
        deliver->running++;
        delivery->lane->outlet->waits = false;
        engine_list(deliver, delivery->lane);
        pthread_mutex_unlock(&deliver->lock);
        courier_begin(delivery);
        delivery = next;
    }
}

/* ---- the end of a call ---- */

static void forget_text(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static char *keep_text(struct text text)
{
    return strndup(text.data ? text.data : "", text.size);
}

/* However short its life: not every delivery is worth a call. */
static void become_good(struct token *token)
{
    int64_t least = clock_monotonic_ms() + LIFETIME_LEAST_MS;
    if (token->until < least)
        token->until = least;
    token->state = TOKEN_STATE_GOOD;
    token->generation++;
    token->again = token->refused;
    token->refused = false;
    resume(token);
}

static void become_failed(struct token *token, const char *why)
{
    snprintf(token->failure, sizeof token->failure, "%s", why);
    token->state = TOKEN_STATE_FAILED;
    token->until = clock_monotonic_ms() + limits.token_failure_ms;
    resume(token);
}

/*
 * A token is good until shortly before it expires; of one that lives for a short time, a tenth is left, and a second at
 * least, since servers reckon in whole ones.
 */
static int64_t good_for_ms(int64_t lifetime_s)
{
    int64_t lifetime = lifetime_s < 0                   ? limits.token_lifetime_ms
                       : lifetime_s > LIFETIME_MOST_S ? LIFETIME_MOST_S * INT64_C(1000)
                                                        : lifetime_s * 1000;
    int64_t margin = lifetime / 10 < limits.token_margin_ms ? lifetime / 10 : limits.token_margin_ms;
    if (margin < MARGIN_LEAST_MS)
        margin = MARGIN_LEAST_MS;
    return lifetime - margin;
}

/* ---- saving ---- */

static bool run_save(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    const struct token *token = (const struct token *)job;
    struct refresh_token row = {token->destination_id, text_of(token->given), text_of(token->refresh), clock_now_ms()};
    return store_put_refresh_token(transaction, &row, error);
}

/* On the writer's thread. After the lock is given back the engine may be gone. */
static void saved(struct store_job *job, const struct error *error)
{
    struct token *token = (struct token *)job;
    struct deliver *deliver = token->tokens->deliver;
    pthread_mutex_lock(&deliver->lock);
    token->save = error->code == ERROR_NONE ? SAVE_DONE : SAVE_REFUSED;
    token->save_again_at = clock_monotonic_ms() + SAVE_AGAIN_MS;
    deliver->in_store--;
    engine_wake(deliver);
    pthread_mutex_unlock(&deliver->lock);
}

static void save(struct token *token)
{
    struct deliver *deliver = token->tokens->deliver;
    token->job = (struct store_job){.run = run_save, .done = saved};
    pthread_mutex_lock(&deliver->lock);
    token->save = SAVE_RUNS;
    deliver->in_store++;
    pthread_mutex_unlock(&deliver->lock);
    if (store_submit(deliver->store, &token->job, NULL))
        return;
    pthread_mutex_lock(&deliver->lock);
    token->save = SAVE_REFUSED;
    token->save_again_at = clock_monotonic_ms() + SAVE_AGAIN_MS;
    deliver->in_store--;
    pthread_mutex_unlock(&deliver->lock);
}

void tokens_turn(struct tokens *tokens)
{
    struct token **place = &tokens->saving;
    while (*place != NULL) {
        struct token *token = *place;
        pthread_mutex_lock(&tokens->deliver->lock);
        bool done = token->save == SAVE_DONE;
        bool again = token->save == SAVE_REFUSED && clock_monotonic_ms() >= token->save_again_at;
        pthread_mutex_unlock(&tokens->deliver->lock);
        if (done) {
            *place = token->next;
            become_good(token);
            continue;
        }
        if (again)
            save(token);
        place = &token->next;
    }
}

/* ---- calling ---- */

static struct text refresh_token_of(const struct token *token)
{
    struct text given = token->destination->settings.token.refresh_token;
    bool newer = token->refresh != NULL && text_equal(given, text_of(token->given));
    return newer ? text_of(token->refresh) : given;
}

static void take_reply(struct token *token, const struct token_reply *reply)
{
    struct tokens *tokens = token->tokens;
    struct text used = refresh_token_of(token);
    bool rotated = token->destination->settings.auth == DESTINATION_AUTH_OAUTH2_CODE &&
                   reply->refresh_token.size > 0 && !text_equal(reply->refresh_token, used);
    forget_text(&token->text);
    token->text = keep_text(reply->access_token);
    token->until = token->asked_at + good_for_ms(reply->lifetime_s);
    if (!rotated) {
        become_good(token);
        return;
    }
    forget_text(&token->refresh);
    forget_text(&token->given);
    token->refresh = keep_text(reply->refresh_token);
    token->given = keep_text(token->destination->settings.token.refresh_token);
    token->state = TOKEN_STATE_SAVING;
    token->next = tokens->saving;
    tokens->saving = token;
    save(token);
}

static void start_calls(struct tokens *tokens);

static void replied(struct http_call *call)
{
    struct token *token = call->user;
    struct tokens *tokens = token->tokens;
    struct token_reply reply;
    struct error error = {0};
    struct token_question question = {&token->destination->settings.token, refresh_token_of(token)};
    bool good = token_reply_read(&token->arena, call, &question, &reply, &error);
    tokens->calls--;
    if (good)
        take_reply(token, &reply);
    else
        become_failed(token, error.message);
    if (call->failure != HTTP_CANCELLED)
        start_calls(tokens);
}

/* Its request is written when its turn comes: an assertion has a time in it. */
static void start_call(struct token *token)
{
    struct error error = {0};
    arena_clear(&token->arena);
    token->call = (struct http_call){
        .timeout_ms = limits.token_timeout_ms,
        .connect_timeout_ms = limits.token_timeout_ms,
        .response_keep_bytes = limits.token_reply_bytes,
        .response_read_bytes = limits.token_reply_bytes,
        .done = replied,
        .user = token,
    };
    if (!token_request_write(&token->arena, &token->destination->settings, refresh_token_of(token), clock_now_ms(),
                             &token->call, &error)) {
        become_failed(token, error.message);
        return;
    }
    token->asked_at = clock_monotonic_ms();
    token->tokens->calls++;
    http_client_start(token->tokens->deliver->client, &token->call);
}

static void start_calls(struct tokens *tokens)
{
    while (tokens->queue != NULL && tokens->calls < limits.token_calls) {
        struct token *token = tokens->queue;
        tokens->queue = token->next;
        token->next = NULL;
        start_call(token);
    }
}

static void fetch(struct token *token)
{
    struct tokens *tokens = token->tokens;
    token->state = TOKEN_STATE_FETCHING;
    token->next = NULL;
    if (tokens->queue == NULL)
        tokens->queue = token;
    else
        tokens->last_queued->next = token;
    tokens->last_queued = token;
    start_calls(tokens);
}

/* ---- asking ---- */

static bool same_settings(const struct destination_settings *a, const struct destination_settings *b)
{
    const struct token_settings *one = &a->token, *other = &b->token;
    return a->auth == b->auth && one->authentication == other->authentication &&
           text_equal(one->server, other->server) && text_equal(one->client_id, other->client_id) &&
           text_equal(one->client_secret, other->client_secret) && text_equal(one->key_id, other->key_id) &&
           text_equal(one->scope, other->scope) && text_equal(one->refresh_token, other->refresh_token);
}

static struct token *token_of(struct tokens *tokens, int64_t destination_id)
{
    struct token *token = hash_map_get(&tokens->of, destination_id);
    if (token == NULL) {
        token = NEW(struct token);
        token->tokens = tokens;
        token->destination_id = destination_id;
        hash_map_put(&tokens->of, destination_id, token);
    }
    return token;
}

/* The catalog's entry changes with every change of the destination; what counts is what the server is asked with. */
static void follow_settings(struct token *token, struct catalog_destination *destination)
{
    if (token->destination == destination)
        return;
    bool same = token->destination != NULL && same_settings(&token->destination->settings, &destination->settings);
    catalog_destination_release(token->destination);
    atomic_fetch_add(&destination->references, 1);
    token->destination = destination;
    if (!same) {
        token->state = TOKEN_STATE_NONE;
        token->refused = token->again = false;
    }
}

enum token_answer tokens_get(struct tokens *tokens, struct delivery *delivery, struct catalog_destination *destination,
                             struct text *text)
{
    struct token *token = token_of(tokens, destination->record.id);
    bool busy = token->state == TOKEN_STATE_FETCHING || token->state == TOKEN_STATE_SAVING;
    bool waited = delivery->waited;
    delivery->waited = false;
    if (!busy)
        follow_settings(token, destination);
    if (!busy && !waited && token->state != TOKEN_STATE_NONE && clock_monotonic_ms() >= token->until)
        token->state = TOKEN_STATE_NONE;
    switch (token->state) {
    case TOKEN_STATE_GOOD:
        *text = text_of(token->text);
        delivery->token = token->generation;
        return TOKEN_HAD;
    case TOKEN_STATE_FAILED:
        *text = text_of(token->failure);
        return TOKEN_FAILED;
    case TOKEN_STATE_NONE:
        park(token, delivery);
        fetch(token);
        return TOKEN_WAIT;
    case TOKEN_STATE_FETCHING:
    case TOKEN_STATE_SAVING:
        park(token, delivery);
        return TOKEN_WAIT;
    }
    return TOKEN_FAILED;
}

void tokens_replied(struct tokens *tokens, const struct delivery *delivery, int status)
{
    struct token *token = hash_map_get(&tokens->of, delivery->lane->outlet->destination_id);
    if (token == NULL || token->state != TOKEN_STATE_GOOD || token->generation != delivery->token)
        return;
    if (status != 401) {
        token->again = false;
    } else if (!token->again) {
        token->state = TOKEN_STATE_NONE;
        token->refused = true;
    }
}

/* ---- start and end ---- */

struct tokens *tokens_create(struct deliver *deliver, struct error *error)
{
    struct arena arena = {0};
    struct tokens *tokens = NEW(struct tokens);
    struct refresh_token *rows;
    size_t count;
    tokens->deliver = deliver;
    bool done = store_read_refresh_tokens(deliver->reader, &arena, &rows, &count, error);
    for (size_t i = 0; done && i < count; i++) {
        struct token *token = token_of(tokens, rows[i].destination_id);
        token->given = keep_text(rows[i].given);
        token->refresh = keep_text(rows[i].current);
    }
    arena_free(&arena);
    if (done)
        return tokens;
    tokens_free(tokens);
    return NULL;
}

void tokens_free(struct tokens *tokens)
{
    size_t position = 0;
    struct token *token;
    if (tokens == NULL)
        return;
    while ((token = hash_map_next(&tokens->of, &position)) != NULL) {
        courier_free(token->waiting);
        catalog_destination_release(token->destination);
        forget_text(&token->text);
        forget_text(&token->given);
        forget_text(&token->refresh);
        arena_free(&token->arena);
        free(token);
    }
    hash_map_free(&tokens->of);
    free(tokens);
}
