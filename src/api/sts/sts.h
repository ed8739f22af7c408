/* sts.h - AWS Security Token Service: GetCallerIdentity, in the query protocol.
 * Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
#ifndef TARN_API_STS_STS_H
#define TARN_API_STS_STS_H

#include "api/api.h"

/* Stateless; static, never freed. */
const struct api_service *sts_api(void);

/* The operation table for documentation; sts.c itself dispatches on Action. */
extern const struct api_op sts_operations[];

#endif
