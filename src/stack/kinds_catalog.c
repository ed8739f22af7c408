/* kinds_catalog.c - databases, tables, streams and delivery streams as resources. */
#include "base/json.h"
#include "stack/plan_int.h"

#include <time.h>

/* Calls an operation with one or two string members; a NotFound is not an error but *ret NULL. */
struct ask {
    const char *service, *operation;
    const char *name1;
    struct bytes value1;
    const char *name2;
    struct bytes value2;
};
static int ask(struct stack_plan *p, const struct ask *q, const struct json **ret, struct err *e) {
    struct buf body = {0};
    struct jsonw j = jsonw_to(&body);
    jsonw_object(&j);
    jsonw_kv_str(&j, q->name1, q->value1);
    if (q->name2) {
        jsonw_kv_str(&j, q->name2, q->value2);
    }
    jsonw_end_object(&j);
    struct err local = {0};
    *ret = NULL;
    int rc =
        client_call(p->client, p->arena, q->service, q->operation, buf_bytes(&body), ret, &local);
    buf_clear(&body);
    if (rc == ERR_RESOURCE_NOT_FOUND) {
        return 0;
    }
    if (rc && e) {
        *e = local;
    }
    return rc;
}

static int send(struct stack_plan *p, const char *service, const char *operation, struct bytes body,
                struct err *e) {
    const struct json *reply;
    return body.ptr ? client_call(p->client, p->arena, service, operation, body, &reply, e)
                    : err_set(e, ERR_NOMEM, NULL);
}

/* Compares what is there with what is wanted; sets action and reason. */
static int compare(struct stack_plan *p, struct stack_resource *r, const struct json *have,
                   struct bytes want_text, struct err *e) {
    struct json *want;
    struct bytes where = {0};
    int rc = json_parse(p->arena, want_text, &want, e);
    if (rc) {
        return rc;
    }
    if (stack_tree_covers(have, want, &where)) {
        r->action = STACK_NONE;
        return 0;
    }
    r->action = STACK_UPDATE;
    r->reason = arena_fmt(p->arena, "%.*s differs", BYTES_ARG(where));
    return 0;
}

/* ---- databases ---- */
static int inspect_database(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *reply;
    struct ask q = {"glue", "GetDatabase", "Name", r->name, NULL, {0}};
    int rc = ask(p, &q, &reply, e);
    r->action = reply ? STACK_NONE : STACK_CREATE;
    return rc;
}

static int apply_database(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct buf body = {0};
    struct jsonw j = jsonw_to(&body);
    jsonw_object(&j);
    jsonw_name(&j, "DatabaseInput");
    jsonw_object(&j);
    jsonw_kv_str(&j, "Name", r->name);
    if (r->database->description.len) {
        jsonw_kv_str(&j, "Description", r->database->description);
    }
    jsonw_end_object(&j);
    jsonw_end_object(&j);
    int rc = send(p, "glue", "CreateDatabase", buf_bytes(&body), e);
    buf_clear(&body);
    return rc;
}

/* Only an empty database goes: tables that others made in it stay. */
static int destroy_database(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *reply;
    struct ask tables = {"glue", "GetTables", "DatabaseName", r->name, NULL, {0}};
    int rc = ask(p, &tables, &reply, e);
    if (rc || !reply || json_get(reply, "TableList")->count > 0 ||
        bytes_eq_str(r->name, "default")) {
        return rc;
    }
    struct ask drop = {"glue", "DeleteDatabase", "Name", r->name, NULL, {0}};
    return ask(p, &drop, &reply, e);
}
const struct stack_kind stack_kind_database = {"database", false, inspect_database, apply_database,
                                               destroy_database};

/* ---- tables ---- */
static int inspect_table(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *reply;
    struct bytes want;
    struct ask q = {"glue", "GetTable", "DatabaseName", r->table->database, "Name", r->table->name};
    int rc = ask(p, &q, &reply, e);
    rc = rc ? rc : stack_table_input(p->arena, p->warehouse, r->table, &want, e);
    if (rc || !reply) {
        r->action = STACK_CREATE;
        return rc;
    }
    return compare(p, r, json_get(reply, "Table"), want, e);
}

static int apply_table(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct bytes input;
    int rc = stack_table_input(p->arena, p->warehouse, r->table, &input, e);
    if (rc) {
        return rc;
    }
    struct bytes body = arena_fmt(p->arena, "{\"DatabaseName\":\"%.*s\",\"TableInput\":%.*s}",
                                  BYTES_ARG(r->table->database), BYTES_ARG(input));
    return send(p, "glue", r->action == STACK_CREATE ? "CreateTable" : "UpdateTable", body, e);
}

static int destroy_table(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *reply;
    struct ask q = {"glue", "DeleteTable", "DatabaseName", r->table->database,
                    "Name", r->table->name};
    return ask(p, &q, &reply, e);
}
const struct stack_kind stack_kind_table = {"table", false, inspect_table, apply_table,
                                            destroy_table};

/* ---- streams ---- */
static int describe_stream(struct stack_plan *p, const struct stack_resource *r,
                           const struct json **ret, struct err *e) {
    const struct json *reply;
    struct ask q = {"kinesis", "DescribeStreamSummary", "StreamName", r->name, NULL, {0}};
    int rc = ask(p, &q, &reply, e);
    *ret = rc ? NULL : json_get(reply, "StreamDescriptionSummary");
    return rc;
}

static int inspect_stream(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *have;
    int rc = describe_stream(p, r, &have, e);
    r->action = have ? STACK_NONE : STACK_CREATE;
    int64_t shards = json_get_i64(have, "OpenShardCount", 0);
    if (!rc && have && shards != r->table->shards) {
        rc = err_set(e, ERR_USAGE,
                     "Stream '%.*s' has %lld shards, the file asks for %lld; a stream's shards "
                     "cannot be changed in place yet: keep the number, or run `tarn down` first.",
                     BYTES_ARG(r->name), (long long)shards, (long long)r->table->shards);
        if (e) {
            e->line = r->table->line;
            e->column = r->table->column;
        }
    }
    return rc;
}

static int apply_stream(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct bytes body = arena_fmt(p->arena, "{\"StreamName\":\"%.*s\",\"ShardCount\":%lld}",
                                  BYTES_ARG(r->name), (long long)r->table->shards);
    int rc = send(p, "kinesis", "CreateStream", body, e);
    for (int tries = 0; !rc && tries < 200; tries++) {
        const struct json *have;
        rc = describe_stream(p, r, &have, e);
        if (!rc && bytes_eq_str(json_get_str(have, "StreamStatus"), "ACTIVE")) {
            return 0;
        }
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    }
    return rc ? rc : err_set(e, ERR_TIMEOUT, "The stream did not become active within 10 s.");
}

static int destroy_stream(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *reply;
    struct ask q = {"kinesis", "DeleteStream", "StreamName", r->name, NULL, {0}};
    return ask(p, &q, &reply, e);
}
const struct stack_kind stack_kind_stream = {"stream", false, inspect_stream, apply_stream,
                                             destroy_stream};

/* ---- delivery streams ---- */
static int describe_delivery(struct stack_plan *p, const struct stack_resource *r,
                             const struct json **ret, struct err *e) {
    const struct json *reply;
    struct ask q = {"firehose", "DescribeDeliveryStream", "DeliveryStreamName", r->name, NULL, {0}};
    int rc = ask(p, &q, &reply, e);
    *ret = rc ? NULL : json_get(reply, "DeliveryStreamDescription");
    return rc;
}

static int inspect_delivery(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *have;
    struct bytes want;
    int rc = describe_delivery(p, r, &have, e);
    rc = rc ? rc : stack_destination(p->arena, p->warehouse, r->table, &want, e);
    if (rc || !have) {
        r->action = STACK_CREATE;
        return rc;
    }
    const struct json *destination = json_at(json_get(have, "Destinations"), 0);
    return compare(p, r, json_get(destination, "ExtendedS3DestinationDescription"), want, e);
}

static int create_delivery(struct stack_plan *p, struct stack_resource *r, struct bytes destination,
                           struct err *e) {
    struct bytes body = arena_fmt(
        p->arena,
        "{\"DeliveryStreamName\":\"%.*s\",\"DeliveryStreamType\":\"KinesisStreamAsSource\","
        "\"KinesisStreamSourceConfiguration\":{\"KinesisStreamARN\":"
        "\"arn:aws:kinesis:us-east-1:000000000000:stream/%.*s\","
        "\"RoleARN\":\"arn:aws:iam::000000000000:role/tarn\"},"
        "\"ExtendedS3DestinationConfiguration\":%.*s}",
        BYTES_ARG(r->name), BYTES_ARG(r->table->stream), BYTES_ARG(destination));
    return send(p, "firehose", "CreateDeliveryStream", body, e);
}

static int update_delivery(struct stack_plan *p, struct stack_resource *r, struct bytes destination,
                           struct err *e) {
    const struct json *have;
    int rc = describe_delivery(p, r, &have, e);
    if (rc) {
        return rc;
    }
    struct bytes version = json_get_str(have, "VersionId");
    struct bytes id = json_get_str(json_at(json_get(have, "Destinations"), 0), "DestinationId");
    struct bytes body =
        arena_fmt(p->arena,
                  "{\"DeliveryStreamName\":\"%.*s\",\"CurrentDeliveryStreamVersionId\":\"%.*s\","
                  "\"DestinationId\":\"%.*s\",\"ExtendedS3DestinationUpdate\":%.*s}",
                  BYTES_ARG(r->name), BYTES_ARG(version), BYTES_ARG(id), BYTES_ARG(destination));
    return send(p, "firehose", "UpdateDestination", body, e);
}

static int apply_delivery(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    struct bytes destination;
    int rc = stack_destination(p->arena, p->warehouse, r->table, &destination, e);
    if (rc) {
        return rc;
    }
    return r->action == STACK_CREATE ? create_delivery(p, r, destination, e)
                                     : update_delivery(p, r, destination, e);
}

static int destroy_delivery(struct stack_plan *p, struct stack_resource *r, struct err *e) {
    const struct json *reply;
    struct ask q = {"firehose", "DeleteDeliveryStream", "DeliveryStreamName", r->name, NULL, {0}};
    return ask(p, &q, &reply, e);
}
const struct stack_kind stack_kind_delivery = {"delivery stream", false, inspect_delivery,
                                               apply_delivery, destroy_delivery};
