/*
 * reading.h - one request as it is being verified: what stands where in it, read when it is asked for.
 *
 * A reading belongs to one verification; what it gives is good until reading_end.
 */
#pragma once

#include "base/buffer.h"
#include "base/json_view.h"
#include "verify/verify.h"

enum place_kind {
    PLACE_NONE,
    PLACE_HEADER, PLACE_QUERY, PLACE_FORM, PLACE_JSON, PLACE_BODY, PLACE_METHOD, PLACE_URL, PLACE_PATH_QUERY,
    PLACE_ENDPOINT,   /* the URL without its query */
    PLACE_RAW_JSON,   /* of a member at the top of the body */
    PLACE_PHP_JSON,   /* the same as PHP writes it: "/" and everything beyond ASCII escaped, no white space */
    PLACE_PART,       /* a part of the signature's header */
    PLACE_SECRET, PLACE_CONFIG,
    PLACE_FORM_SORTED,
    PLACE_NOW, PLACE_NOW_TEXT, PLACE_REPLY, PLACE_SIGNED, /* of answers */
};

struct place {
    enum place_kind kind;
    struct text name; /* PLACE_CONFIG: the value itself */
};

enum { SIGNATURE_PARTS_MOST = 16 };
struct signature_part {
    struct text name, value;
};

struct reading {
    const struct verify_input *input;
    const struct verify_key *keys; /* any of which may have signed */
    size_t key_count;
    enum digest digest; /* that it was signed with */
    struct text secret; /* {secret} and the key of {hmachex()} */
    struct signature_part parts[SIGNATURE_PARTS_MOST];
    size_t part_count;
    struct text reply, signed_text; /* {reply} and {signed} */
    bool is_json_read;
    struct json_view json; /* what "j:" looks into */
    bool is_form_read, is_form;
    struct signature_part *fields; /* of the form, decoded */
    size_t field_count;
    struct buffer decoded; /* their bytes */
    struct buffer built;   /* the one text that is as long as a body */
    struct arena arena;    /* small things */
};

/*
 * True with the value, which is TEXT_NONE when it is absent. False: it is there more than once, or is nothing that a
 * signed text could hold.
 */
bool reading_value(struct reading *reading, struct place place, struct text *value);
/* The body's root; absent when it is no JSON. */
struct json_view reading_json(struct reading *reading);
void reading_end(struct reading *reading);

/* "h:Name" and the like, "body", "sig.t"; the place's name is part of `text`. False: it is none. */
bool place_read(struct text text, struct place *place);

/* The parameters of a form in the body, sorted, each name followed by its value (Twilio's form); see reading_form.c. */
bool reading_form_sorted(struct reading *reading, struct text *value);
/* One field of it; as reading_value. */
bool reading_form_field(struct reading *reading, struct text name, struct text *value);
/* The JSON text of a member at the top of the body. TEXT_NONE: it is absent. */
struct text reading_raw_member(struct reading *reading, struct text name);
/* The same without white space, "/" and everything beyond ASCII escaped, as PHP writes it. */
struct text reading_php_json(struct reading *reading, struct text json);
