/* athena_capacity.c - capacity reservations and which workgroups they serve. On one machine a
 * reservation cannot buy more of it; what it gives its workgroups is their place before the others:
 * high priority and a query slot for every four DPUs (query/limits.c reads the documents).
 * Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_CapacityReservation.html */
#include "api/athena/athena_int.h"

static int load(struct api_call *call, struct catalog_doc *d, struct json **tree) {
    int rc = athena_doc_get(call, ATHENA_CAPACITY_KIND, json_get_str(call->in, "Name"), d, tree);
    return rc == ERR_RESOURCE_NOT_FOUND
               ? err_set(&call->err, ERR_INVALID_REQUEST, "Capacity reservation does not exist")
               : rc;
}

/* The object as it is to be; `old` NULL when it is created. */
static void write(struct jsonw *w, struct bytes name, const char *status, int64_t dpus,
                  double created_s, double now_s, const struct json *groups) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", name);
    jsonw_kv_cstr(w, "Status", status);
    jsonw_kv_i64(w, "TargetDpus", dpus);
    jsonw_kv_i64(w, "AllocatedDpus", strcmp(status, "ACTIVE") == 0 ? dpus : 0);
    jsonw_kv_time_ms(w, "CreationTime", (int64_t)(created_s * 1000));
    jsonw_name(w, "LastAllocation");
    jsonw_object(w);
    jsonw_kv_cstr(w, "Status", "SUCCEEDED");
    jsonw_kv_time_ms(w, "RequestTime", (int64_t)(now_s * 1000));
    jsonw_kv_time_ms(w, "RequestCompletionTime", (int64_t)(now_s * 1000));
    jsonw_end_object(w);
    jsonw_kv_time_ms(w, "LastSuccessfulAllocationTime", (int64_t)(now_s * 1000));
    if (groups) {
        jsonw_name(w, "Assignments_");
        jsonw_tree(w, groups);
    }
    jsonw_end_object(w);
}

static double now_s(struct api_call *call) {
    return (double)clock_wall_ms(catalog_clock(athena_of(call)->catalog)) / 1000;
}

int athena_create_capacity(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "Name");
    struct bytes resource = arena_fmt(call->arena, "capacity-reservation/%.*s", BYTES_ARG(name));
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    int rc = athena_tags_check(call, json_get(call->in, "Tags"));
    if (rc)
        return rc;
    write(&w, name, "ACTIVE", json_get_i64(call->in, "TargetDpus", 4), now_s(call), now_s(call),
          NULL);
    rc = athena_doc_create(call, ATHENA_CAPACITY_KIND, name, &json);
    buf_clear(&json);
    if (rc == ERR_ALREADY_EXISTS)
        return err_set(&call->err, ERR_INVALID_REQUEST, "Capacity reservation already exists");
    return rc ? rc : athena_tags_store(call, resource, json_get(call->in, "Tags"));
}

static void write_public(struct jsonw *w, const struct json *tree) {
    jsonw_object(w);
    JSON_FOR_EACH(m, tree) {
        if (bytes_eq_str(m->name, "Assignments_"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    jsonw_end_object(w);
}

int athena_get_capacity(struct api_call *call) {
    struct catalog_doc d;
    struct json *tree;
    int rc = load(call, &d, &tree);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "CapacityReservation");
    write_public(&call->out, tree);
    jsonw_end_object(&call->out);
    return 0;
}

int athena_list_capacity(struct api_call *call) {
    jsonw_object(&call->out);
    jsonw_name(&call->out, "CapacityReservations");
    jsonw_array(&call->out);
    int rc = athena_doc_page(call, ATHENA_CAPACITY_KIND, "athena:ListCapacityReservations",
                             athena_max_results(call, 50), NULL, NULL, write_public);
    jsonw_end_object(&call->out);
    return rc;
}

static int store(struct api_call *call, const struct catalog_doc *d, const struct json *old,
                 const char *status, int64_t dpus, const struct json *groups) {
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    write(&w, d->key, status, dpus, json_get_f64(old, "CreationTime", 0), now_s(call), groups);
    int rc = athena_doc_replace(call, ATHENA_CAPACITY_KIND, d, &json);
    buf_clear(&json);
    return rc;
}

int athena_update_capacity(struct api_call *call) {
    struct catalog_doc d;
    struct json *old;
    int rc = load(call, &d, &old);
    if (rc)
        return rc == ERR_INVALID_REQUEST ? err_set(&call->err, ERR_INVALID_ARGUMENT,
                                                   "Capacity Reservation does not exist")
                                         : rc;
    return store(call, &d, old, "ACTIVE", json_get_i64(call->in, "TargetDpus", 4),
                 json_get(old, "Assignments_"));
}

int athena_cancel_capacity(struct api_call *call) {
    struct catalog_doc d;
    struct json *old;
    int rc = load(call, &d, &old);
    return rc ? rc
              : store(call, &d, old, "CANCELLED", json_get_i64(old, "TargetDpus", 4),
                      json_get(old, "Assignments_"));
}

int athena_delete_capacity(struct api_call *call) {
    struct bytes name = json_get_str(call->in, "Name");
    struct bytes resource = arena_fmt(call->arena, "capacity-reservation/%.*s", BYTES_ARG(name));
    struct catalog_doc d;
    struct json *old;
    int rc = load(call, &d, &old);
    if (!rc && !bytes_eq_str(json_get_str(old, "Status"), "CANCELLED"))
        rc = err_set(&call->err, ERR_INVALID_REQUEST,
                     "Capacity reservation %.*s must be cancelled before it is deleted.",
                     BYTES_ARG(name));
    if (!rc)
        rc = catalog_doc_delete(athena_of(call)->catalog, ATHENA_CAPACITY_KIND, name, &call->err);
    return rc ? rc : athena_tags_forget(call, resource);
}

/* ---- which workgroups it serves ---- */
static int find_reservation(struct api_call *call, struct catalog_doc *d, struct json **tree) {
    struct bytes name = json_get_str(call->in, "CapacityReservationName");
    int rc = athena_doc_get(call, ATHENA_CAPACITY_KIND, name, d, tree);
    return rc == ERR_RESOURCE_NOT_FOUND
               ? err_set(&call->err, ERR_INVALID_REQUEST, "Capacity reservation does not exist")
               : rc;
}

int athena_put_assignments(struct api_call *call) {
    struct catalog_doc d;
    struct json *old;
    int rc = find_reservation(call, &d, &old);
    if (rc)
        return rc;
    char status[16];
    struct bytes was = json_get_str(old, "Status");
    size_t n = MIN_OF(was.len, sizeof status - 1);
    memcpy(status, was.ptr, n);
    status[n] = 0;
    return store(call, &d, old, status, json_get_i64(old, "TargetDpus", 4),
                 json_get(call->in, "CapacityAssignments"));
}

int athena_get_assignments(struct api_call *call) {
    struct catalog_doc d;
    struct json *tree;
    struct jsonw *w = &call->out;
    int rc = find_reservation(call, &d, &tree);
    if (rc)
        return rc;
    jsonw_object(w);
    jsonw_name(w, "CapacityAssignmentConfiguration");
    jsonw_object(w);
    jsonw_kv_str(w, "CapacityReservationName", d.key);
    jsonw_name(w, "CapacityAssignments");
    if (json_get(tree, "Assignments_"))
        jsonw_tree(w, json_get(tree, "Assignments_"));
    else
        jsonw_raw(w, BYTES("[]"));
    jsonw_end_object(w);
    jsonw_end_object(w);
    return 0;
}
