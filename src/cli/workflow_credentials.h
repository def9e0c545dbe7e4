/*
 * workflow_credentials.h - credentials from the command line and the environment, for "fairlead workflow run".
 *
 * Of a security scheme "my-Key" the environment has FAIRLEAD_CREDENTIAL_MY_KEY: letters in upper case, everything that is
 * no letter or digit as "_".
 */
#pragma once

#include "arazzo/credential.h"
#include "cli/workflow_options.h"

/* Borrows from the options. */
struct credentials workflow_credentials(const struct workflow_options *options);
/* All that may turn up in a run, also from the environment. */
void workflow_credentials_mask(const struct workflow_options *options, struct mask *mask);
