/*
 * form.h - nested query parameters, as forms and the qs library write them:
 *
 *     date_range[start]=2026-01-01  measures[]=count  filters[source_id][0]=src_1  query={"status":"FAILED"}
 *
 * What belongs to a PARAMETER_FORM is gathered in call.query.form, a JSON object with a member for each such parameter,
 * in the types that its field rows ask for, and checked by the same rows as a body.
 */
#pragma once

#include "api/call.h"

/* One value. `brackets` is what follows the parameter's name: "[source_id][0]", or empty. Problems are noted. */
void form_add(struct call *call, const struct parameter_row *row, struct text brackets, struct text value);
/* After the last one. */
void form_check(struct call *call);
