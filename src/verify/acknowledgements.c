/* Answers that are made for each request, and signed: see acknowledgement.c. */
#include "verify/scheme_rows.h"

/* Alipay+ signs answers as it signs requests, with the time of the answer; its other services take the body alone. */
const struct acknowledgement acknowledgement_alipay = {
    .type = "application/json",
    .body = "{\"result\":{\"resultCode\":\"SUCCESS\",\"resultStatus\":\"S\",\"resultMessage\":\"success\"}}",
    .content = "{method} {path_query}\n{h:Client-Id}.{now_text}.{reply}",
    .method = METHOD_RSA, .digest = DIGEST_SHA256, .private_key = "private_key",
    .encoding = ENCODING_BASE64, .percent_encoded = true,
    .headers = {"Client-Id: {h:Client-Id}", "Response-Time: {now_text}",
                "Signature: algorithm=RSA256,keyVersion=1,signature={signed}"},
};

/* The name of the header changed with the versions of the API; each looks at its own. */
const struct acknowledgement acknowledgement_praxis = {
    .type = "application/json",
    .body = "{\"status\":0,\"description\":\"Ok\",\"version\":\"1.3\",\"timestamp\":{now}}",
    .content = "0{now}{secret}",
    .method = METHOD_HASH, .digest = DIGEST_SHA384, .encoding = ENCODING_HEX,
    .headers = {"Gt-Authentication: {signed}", "External-Request-Signature: {signed}"},
};
