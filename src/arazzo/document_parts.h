/*
 * document_parts.h - the objects that workflows and steps share: parameters, criteria, actions, request bodies.
 *
 * Each function reads the member of that name; what is faulty is reported and left out.
 */
#pragma once

#include "arazzo/object_reader.h"

/* `calls_workflow`: "in" may be missing. */
struct parameters read_parameters(const struct object_reader *reader, bool calls_workflow);
struct criteria read_criteria(const struct object_reader *reader, const char *member);
/* Of the kinds end and goto, and of a failure also retry. */
struct actions read_actions(const struct object_reader *reader, const char *member, bool of_failure);
bool read_request_body(const struct object_reader *reader, struct request_body *body);
/* An object of names to expressions; NULL when absent. */
const json_t *read_outputs(const struct object_reader *reader);
/* One of them; false when it is left out. */
bool read_parameter(struct document *document, const json_t *item, const struct place *place, bool calls_workflow,
                    struct parameter *parameter);
bool read_action(struct document *document, const json_t *item, const struct place *place, bool of_failure,
                 struct action *action);
/* An error when the key of a map (outputs, components) has a character that expressions could not name. */
void want_map_key(const struct object_reader *reader, const char *name);
/* Warns about texts that look like expressions but are none. */
void check_expressions(const struct object_reader *reader, const char *member, const json_t *value);
