/* handshakes.h - the tables of handshakes that rows of schemes name. Internal to the tables. */
#pragma once

#include "verify/scheme.h"

extern const struct handshake handshakes_hook_secret[], handshakes_meta_challenge[], handshakes_linkedin_challenge[],
    handshakes_text_challenge[], handshakes_smartcar_verify[], handshakes_twitter_crc[], handshakes_vercel_verify[],
    handshakes_xero_intent[], handshakes_front_challenge[], handshakes_oura_challenge[], handshakes_slack_challenge[],
    handshakes_tebex_validation[], handshakes_head[], handshakes_twitch_challenge[], handshakes_zoom_validation[],
    handshakes_discord_ping[], handshakes_empty_post[], handshakes_okta_challenge[],
    handshakes_ring_central_validation[], handshakes_graph_validation[], handshakes_monday_challenge[],
    handshakes_strava_challenge[], handshakes_get[], handshakes_ebay_challenge[];
