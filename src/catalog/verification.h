/* verification.h - what checks the requests of a source: its own config, or else the integration attached to it. */
#pragma once

#include "model/integration.h"
#include "model/model.h"
#include "store/store.h"
#include "verify/verify.h"

/* Reads the store; never NULL. What cannot be read is logged and lets nothing pass. */
struct verifier *verification_read(struct store_reader *reader, const struct source *source);
/* What an integration makes of requests; an error names the member that is wrong. Never NULL. */
struct verifier *verification_of_integration(const struct integration *integration, struct error *error);
