/*
 * Handshakes: what providers ask of a URL before they send to it, and the answers. See handshake.c.
 *
 * Where the answer is an HMAC with the same key as the signatures, anybody can ask for it. "word(...)" takes short
 * texts of few characters only, and of such a sender no webhook passes whose body is one (verify.c): so no answer is
 * of use as a signature.
 */
#include "verify/handshakes.h"

#define TEXT_REPLY .status = 200, .type = "text/plain"
#define JSON_REPLY .status = 200, .type = "application/json"
#define EMPTY_REPLY .status = 200

const struct handshake handshakes_hook_secret[] = {
    {"POST h:X-Hook-Secret", EMPTY_REPLY, .header = "X-Hook-Secret: {h:X-Hook-Secret}"}, {0},
};
const struct handshake handshakes_ring_central_validation[] = {
    {"POST h:Validation-Token", EMPTY_REPLY, .header = "Validation-Token: {h:Validation-Token}"}, {0},
};
const struct handshake handshakes_meta_challenge[] = {
    {"GET q:hub.mode=subscribe own(q:hub.verify_token,verify_token) q:hub.challenge", TEXT_REPLY,
     .body = "{q:hub.challenge}"}, {0},
};
const struct handshake handshakes_strava_challenge[] = {
    {"GET own(q:hub.verify_token,verify_token) q:hub.challenge", JSON_REPLY,
     .body = "{\"hub.challenge\":\"{json(q:hub.challenge)}\"}"}, {0},
};
const struct handshake handshakes_oura_challenge[] = {
    {"GET own(q:verification_token,verify_token) q:challenge", JSON_REPLY,
     .body = "{\"challenge\":\"{json(q:challenge)}\"}"}, {0},
};
const struct handshake handshakes_text_challenge[] = {
    {"GET q:challenge", TEXT_REPLY, .body = "{q:challenge}"}, {0},
};
const struct handshake handshakes_graph_validation[] = {
    {"q:validationToken", TEXT_REPLY, .body = "{q:validationToken}"}, {0},
};
const struct handshake handshakes_monday_challenge[] = {
    {"POST j:challenge", JSON_REPLY, .body = "{\"challenge\":\"{json(j:challenge)}\"}"}, {0},
};
const struct handshake handshakes_front_challenge[] = {
    {"POST h:X-Front-Challenge", .is_signed = true, TEXT_REPLY, .body = "{h:X-Front-Challenge}"}, {0},
};
const struct handshake handshakes_okta_challenge[] = {
    {"GET h:X-Okta-Verification-Challenge", JSON_REPLY,
     .body = "{\"verification\":\"{json(h:X-Okta-Verification-Challenge)}\"}"}, {0},
};
const struct handshake handshakes_slack_challenge[] = {
    {"POST j:type=url_verification", .is_signed = true, TEXT_REPLY, .body = "{j:challenge}"}, {0},
};
const struct handshake handshakes_twitch_challenge[] = {
    {"POST h:Twitch-Eventsub-Message-Type=webhook_callback_verification", .is_signed = true, TEXT_REPLY,
     .body = "{j:challenge}"}, {0},
};
const struct handshake handshakes_tebex_validation[] = {
    {"POST j:type=validation.webhook", .is_signed = true, JSON_REPLY, .body = "{\"id\":\"{json(j:id)}\"}"}, {0},
};
const struct handshake handshakes_zoom_validation[] = {
    {"POST j:event=endpoint.url_validation", .is_signed = true, JSON_REPLY,
     .body = "{\"plainToken\":\"{json(j:payload.plainToken)}\","
             "\"encryptedToken\":\"{hmachex(j:payload.plainToken)}\"}"}, {0},
};
const struct handshake handshakes_smartcar_verify[] = {
    {"POST j:eventType=VERIFY word(j:data.challenge)", JSON_REPLY,
     .body = "{\"challenge\":\"{hmachex(j:data.challenge)}\"}"}, {0},
};
const struct handshake handshakes_linkedin_challenge[] = {
    {"GET word(q:challengeCode)", JSON_REPLY,
     .body = "{\"challengeCode\":\"{json(q:challengeCode)}\",\"challengeResponse\":\"{hmachex(q:challengeCode)}\"}"},
    {0},
};
const struct handshake handshakes_twitter_crc[] = {
    {"GET word(q:crc_token)", JSON_REPLY, .body = "{\"response_token\":\"sha256={hmacbase64(q:crc_token)}\"}"}, {0},
};
const struct handshake handshakes_ebay_challenge[] = {
    {"GET q:challenge_code", JSON_REPLY,
     .body = "{\"challengeResponse\":\"{sha256hex(q:challenge_code+cfg.verification_token+endpoint)}\"}"}, {0},
};
/* Both kinds of calls: webhook events say 0, interactions 1 (events of theirs are of kind 1 too, and have an event). */
const struct handshake handshakes_discord_ping[] = {
    {"POST j:type=0", .is_signed = true, .status = 204},
    {"POST j:type=1 !j:event", .is_signed = true, JSON_REPLY, .body = "{\"type\":1}"}, {0},
};
/* The intent to receive: an empty list of events, rightly signed or not. */
const struct handshake handshakes_xero_intent[] = {
    {"POST j:events=[]", .is_signed = true, EMPTY_REPLY}, {0},
};
const struct handshake handshakes_vercel_verify[] = {
    {"cfg.log_drains_secret empty", EMPTY_REPLY, .header = "x-vercel-verify: {cfg.log_drains_secret}"}, {0},
};
const struct handshake handshakes_head[] = {{"HEAD", EMPTY_REPLY}, {0}};
const struct handshake handshakes_get[] = {{"GET", EMPTY_REPLY}, {"HEAD", EMPTY_REPLY}, {0}};
const struct handshake handshakes_empty_post[] = {{"POST empty", EMPTY_REPLY}, {0}};
