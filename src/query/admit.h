/* admit.h - which execution is next; inside the query room. All under the service's lock but
 * admit_workgroup and admit_write, which take it. */
#ifndef TARN_QUERY_ADMIT_H
#define TARN_QUERY_ADMIT_H

#include "query/limits.h"

struct exec;
struct admit_group; /* a workgroup at run time */

/* The workgroup's, made when it is new, with these limits from now on: also of its workers. Groups
 * live as long as the service. */
int admit_workgroup(struct query_service *q, struct bytes name, const struct limits *l,
                    struct admit_group **ret, struct err *e) WARN_UNUSED;
int admit_pool_group(const struct admit_group *g);
/* Into its workgroup's queue. TooManyRequestsException when as many wait as may. */
int admit_enqueue(struct exec *x, struct err *e) WARN_UNUSED;
/* Once more, before those that wait. */
void admit_again(struct exec *x);
/* The next to be planned, with a slot of its workgroup if it needs one; NULL: none may. */
struct exec *admit_next(struct query_service *q);
/* The planner thread is done with what admit_next gave. */
void admit_planned(struct exec *x);
/* Its slot is free for another. */
void admit_release(struct exec *x);
/* Takes it out of the queue; false when it is not in it. */
bool admit_remove(struct exec *x);
/* Counts an execution that has ended. */
void admit_count(struct exec *x);
void admit_free_all(struct query_service *q);

#endif
