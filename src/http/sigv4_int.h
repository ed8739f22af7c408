/* sigv4_int.h - shared by sigv4.c (parsing) and sigv4_check.c (canonical form and keys). */
#ifndef TARN_HTTP_SIGV4_INT_H
#define TARN_HTTP_SIGV4_INT_H

#include "http/sigv4.h"

#define SIGV4_MAX_EXPIRES_S 604800
#define SIGV4_SKEW_MS (15 * 60 * 1000)

/* First value, trimmed; ptr NULL when absent. */
struct bytes sigv4_find_header(const struct sigv4_request *r, const char *name);
/* Decoded; ptr NULL when absent. */
struct bytes sigv4_find_query(struct arena *a, struct bytes raw_query, const char *name);

#endif
