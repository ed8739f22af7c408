/* api_int.h - inside src/api: the router and its parts. */
#ifndef TARN_API_API_INT_H
#define TARN_API_API_INT_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "api/api.h"
#include <pcre2.h>

struct api_pattern {
    const struct api_param *param;
    pcre2_code *code;
};

struct api_router {
    const struct api_service **services;
    size_t count;
    struct api_pattern *patterns; /* by address of param */
    size_t pattern_count;
};

/* api_check.c: compiles every pattern of the services' tables. */
int api_patterns_compile(struct api_router *r, struct err *e) WARN_UNUSED;
void api_patterns_free(struct api_router *r);
/* Types (SerializationException), then constraints (ValidationException, all in one text). */
int api_check_params(const struct api_router *r, struct api_call *call) WARN_UNUSED;

/* api_reply.c */
/* `service` may be NULL: then as JSON 1.1. Logs errors of status 500 and above. */
void api_reply_json_error(struct http_request *http, const struct api_service *service,
                          const struct err *err);

#endif
