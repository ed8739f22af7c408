/* tarn.h - /tarn/v1/: what AWS has no word for. Plain JSON over GET and POST, unsigned.
 *
 *  GET  /tarn/v1/status                 the server's state
 *  GET  /tarn/v1/wait?id=ID&ms=N        answers when the query execution is in a final state
 *  POST /tarn/v1/flush[?delivery=NAME]  delivers what waits in the log now; answers when committed
 *  POST /tarn/v1/plan                   {"sql": .., "database": .., "workgroup": ..}: what the
 * query would read (docs/explain.md); nothing is run
 */
#ifndef TARN_API_TARN_TARN_H
#define TARN_API_TARN_TARN_H

#include "api/api.h"
#include "delivery/delivery.h"
#include "query/explain.h"
#include "query/refresh.h"

struct tarn_deps {
    struct clock *clock;
    struct catalog *catalog;
    struct work_pool *pool;
    struct query_service *query;
    struct delivery_service *delivery;
    const char *version, *data_dir;
};
/* The deps' pointers must outlive the service. NULL when memory is short. */
const struct api_service *tarn_service_new(const struct tarn_deps *deps) WARN_UNUSED;
void tarn_service_free(const struct api_service **s);

#endif
