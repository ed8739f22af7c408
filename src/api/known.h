/* known.h - the operation names that AWS has, per service: facts from its public service models.
 * What is in here and not in a service's table answers NotImplementedException by name. */
#ifndef TARN_API_KNOWN_H
#define TARN_API_KNOWN_H

#include "base/bytes.h"

/* Sorted, ended by NULL. */
extern const char *const api_known_kinesis[];
extern const char *const api_known_firehose[];
extern const char *const api_known_glue[];
extern const char *const api_known_athena[];
extern const char *const api_known_s3[];
extern const char *const api_known_sts[];

/* The list for a signing name; NULL when there is none. */
const char *const *api_known_names(const char *service);
bool api_known_has(const char *const *names_or_null, struct bytes operation);

#endif
