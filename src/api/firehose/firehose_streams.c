/* firehose_streams.c - create, describe, update, delete and list delivery streams; tags.
 *
 * The document: {"name","log","direct","stream_arn"?,"source"?,"source_created_ms"?,"created_ms",
 * "updated_ms","version","destination","tags"}. Changes go through delivery_update, so that the
 * delivery room sees them; all of them run one at a time under `admin`. */
#include "api/firehose/firehose_int.h"

/* A document with some members of another value. */
struct doc {
    struct bytes name;
    bool direct;
    struct bytes stream_arn; /* "" when direct */
    const struct json *source;
    int64_t source_created_ms;
    int64_t created_ms, updated_ms;
    int64_t version;
    const struct json *destination, *destination_changes;
    const struct json *tags, *new_tags, *gone_tags;
};

/* ---- tags: lists of {"Key","Value"} ---- */

static bool list_has_key(const struct json *list, struct bytes key) {
    JSON_FOR_EACH(item, list) {
        struct bytes text = item->kind == JSON_STRING ? item->text : json_get_str(item, "Key");
        if (bytes_eq(text, key))
            return true;
    }
    return false;
}

static void write_tag(struct jsonw *w, const struct json *tag) {
    struct bytes value = json_get_str(tag, "Value");
    jsonw_object(w);
    jsonw_kv_str(w, "Key", json_get_str(tag, "Key"));
    if (value.ptr)
        jsonw_kv_str(w, "Value", value);
    jsonw_end_object(w);
}

static void write_tags(struct jsonw *w, const struct doc *d) {
    jsonw_array(w);
    JSON_FOR_EACH(tag, d->tags) {
        struct bytes key = json_get_str(tag, "Key");
        if (!list_has_key(d->new_tags, key) && !list_has_key(d->gone_tags, key))
            write_tag(w, tag);
    }
    JSON_FOR_EACH(tag, d->new_tags)
    write_tag(w, tag);
    jsonw_end_array(w);
}

static int check_tags(const struct json *tags, struct err *e) {
    JSON_FOR_EACH(tag, tags) {
        struct bytes key = json_get_str(tag, "Key");
        if (key.len == 0 || key.len > 512 || json_get_str(tag, "Value").len > 1024)
            return err_set(e, ERR_INVALID_ARGUMENT,
                           "A tag has a Key of 1 to 128 characters and a Value of at most 256.");
    }
    return 0;
}

/* ---- documents ---- */

static int write_doc(struct arena *a, const struct doc *d, struct bytes *ret, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    ptrdiff_t at = bytes_find(d->stream_arn, BYTES(":stream/"));
    struct bytes log =
        d->direct ? arena_fmt(a, "firehose-%.*s", BYTES_ARG(d->name))
                  : arena_fmt(a, "kinesis-%.*s",
                              BYTES_ARG(bytes_slice(d->stream_arn, (size_t)at + strlen(":stream/"),
                                                    d->stream_arn.len)));
    jsonw_object(&w);
    jsonw_kv_str(&w, "name", d->name);
    jsonw_kv_str(&w, "log", log);
    jsonw_kv_bool(&w, "direct", d->direct);
    if (!d->direct) {
        jsonw_kv_str(&w, "stream_arn", d->stream_arn);
        jsonw_name(&w, "source");
        jsonw_tree(&w, d->source);
        jsonw_kv_i64(&w, "source_created_ms", d->source_created_ms);
    }
    jsonw_kv_i64(&w, "created_ms", d->created_ms);
    jsonw_kv_i64(&w, "updated_ms", d->updated_ms);
    jsonw_kv_i64(&w, "version", d->version);
    jsonw_name(&w, "destination");
    destination_write(&w, d->destination, d->destination_changes);
    jsonw_name(&w, "tags");
    write_tags(&w, d);
    jsonw_end_object(&w);
    *ret = arena_copy(a, buf_bytes(&out));
    bool failed = out.failed || a->failed;
    buf_clear(&out);
    return failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static int read_doc(struct api_call *call, struct doc *ret) {
    struct bytes name = json_get_str(call->in, "DeliveryStreamName");
    struct catalog_doc found;
    struct json *j;
    int rc = catalog_doc_get(firehose_of(call)->catalog, call->arena, FIREHOSE_DOC_KIND, name,
                             &found, &call->err);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return firehose_not_found(name, &call->err);
    if (!rc)
        rc = json_parse(call->arena, found.json, &j, &call->err);
    if (rc)
        return rc;
    *ret = (struct doc){.name = name,
                        .direct = json_get_bool(j, "direct", false),
                        .stream_arn = json_get_str(j, "stream_arn"),
                        .source = json_get(j, "source"),
                        .source_created_ms = json_get_i64(j, "source_created_ms", 0),
                        .created_ms = json_get_i64(j, "created_ms", 0),
                        .updated_ms = json_get_i64(j, "updated_ms", 0),
                        .version = json_get_i64(j, "version", 1),
                        .destination = json_get(j, "destination"),
                        .tags = json_get(j, "tags")};
    return 0;
}

/* ---- create ---- */

static int read_source(struct api_call *call, struct doc *d) {
    struct err *e = &call->err;
    const struct json *source = json_get(call->in, "KinesisStreamSourceConfiguration");
    struct bytes type = json_get_str(call->in, "DeliveryStreamType");
    struct catalog_doc found;
    struct json *j;
    d->direct = !bytes_eq_str(type, "KinesisStreamAsSource");
    if (d->direct && source)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "KinesisStreamSourceConfiguration needs DeliveryStreamType "
                       "KinesisStreamAsSource.");
    if (d->direct)
        return 0;
    d->source = source;
    d->stream_arn = json_get_str(source, "KinesisStreamARN");
    ptrdiff_t at = bytes_find(d->stream_arn, BYTES(":stream/"));
    if (!bytes_starts_with(d->stream_arn, BYTES("arn:")) || at < 0)
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "KinesisStreamSourceConfiguration.KinesisStreamARN must be a stream's ARN.");
    struct bytes stream =
        bytes_slice(d->stream_arn, (size_t)at + strlen(":stream/"), d->stream_arn.len);
    int rc = catalog_doc_get(firehose_of(call)->catalog, call->arena, "kinesis_stream", stream,
                             &found, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "Stream %.*s under account %s not found.",
                       BYTES_ARG(stream), API_ACCOUNT_ID);
    if (!rc)
        rc = json_parse(call->arena, found.json, &j, e);
    if (!rc)
        d->source_created_ms = json_get_i64(j, "created_ms", 0);
    return rc;
}

/* One of the two S3 shapes; every other destination is refused by name. */
static int read_destination(struct api_call *call, struct doc *d) {
    const struct json *s3 = json_get(call->in, "S3DestinationConfiguration");
    const struct json *extended = json_get(call->in, "ExtendedS3DestinationConfiguration");
    JSON_FOR_EACH(m, call->in) {
        if (bytes_ends_with(m->name, BYTES("DestinationConfiguration")) && m->kind == JSON_OBJECT &&
            m != s3 && m != extended)
            return err_set(&call->err, ERR_INVALID_ARGUMENT,
                           "%.*s is not supported; deliver to S3 with "
                           "ExtendedS3DestinationConfiguration.",
                           BYTES_ARG(m->name));
    }
    if (!s3 == !extended)
        return err_set(&call->err, ERR_INVALID_ARGUMENT,
                       "Give exactly one of ExtendedS3DestinationConfiguration and "
                       "S3DestinationConfiguration.");
    d->destination = extended ? extended : s3;
    return destination_check(d->destination, &call->err);
}

static int create_locked(struct api_call *call, const struct doc *d) {
    struct firehose_service *f = firehose_of(call);
    struct bytes json;
    int rc = write_doc(call->arena, d, &json, &call->err);
    if (!rc)
        rc = delivery_create(f->delivery, d->name, json, &call->err);
    if (rc)
        return rc;
    rc = firehose_insert(f, d->name, d->direct, d->created_ms, &call->err);
    if (rc) {
        struct err ignored;
        (void)!delivery_delete(f->delivery, d->name, &ignored);
    }
    return rc;
}

int firehose_create(struct api_call *call) {
    struct firehose_service *f = firehose_of(call);
    struct doc d = {.name = json_get_str(call->in, "DeliveryStreamName"),
                    .created_ms = clock_wall_ms(f->clock),
                    .version = 1,
                    .new_tags = json_get(call->in, "Tags")};
    d.updated_ms = d.created_ms;
    int rc = check_tags(d.new_tags, &call->err);
    if (!rc)
        rc = read_source(call, &d);
    if (!rc)
        rc = read_destination(call, &d);
    if (rc)
        return rc;
    pthread_mutex_lock(&f->admin);
    rc = create_locked(call, &d);
    pthread_mutex_unlock(&f->admin);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_str(&call->out, "DeliveryStreamARN",
                 api_arn(call, "firehose", "deliverystream/%.*s", BYTES_ARG(d.name)));
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- describe ---- */

static void write_source(struct jsonw *w, const struct doc *d) {
    struct bytes role = json_get_str(d->source, "RoleARN");
    jsonw_name(w, "Source");
    jsonw_object(w);
    jsonw_name(w, "KinesisStreamSourceDescription");
    jsonw_object(w);
    jsonw_kv_str(w, "KinesisStreamARN", d->stream_arn);
    if (role.ptr)
        jsonw_kv_str(w, "RoleARN", role);
    jsonw_kv_time_ms(w, "DeliveryStartTimestamp", d->created_ms);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_destinations(struct jsonw *w, const struct json *dest) {
    static const char *const plain[] = {"RoleARN",
                                        "BucketARN",
                                        "Prefix",
                                        "ErrorOutputPrefix",
                                        "BufferingHints",
                                        "CompressionFormat",
                                        "EncryptionConfiguration",
                                        "CloudWatchLoggingOptions"};
    jsonw_name(w, "Destinations");
    jsonw_array(w);
    jsonw_object(w);
    jsonw_kv_cstr(w, "DestinationId", FIREHOSE_DESTINATION_ID);
    jsonw_name(w, "S3DestinationDescription");
    jsonw_object(w);
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        const struct json *m = json_get(dest, plain[i]);
        if (m) {
            jsonw_name(w, plain[i]);
            jsonw_tree(w, m);
        }
    }
    jsonw_end_object(w);
    jsonw_name(w, "ExtendedS3DestinationDescription");
    jsonw_tree(w, dest);
    jsonw_end_object(w);
    jsonw_end_array(w);
    jsonw_kv_bool(w, "HasMoreDestinations", false);
}

int firehose_describe(struct api_call *call) {
    struct jsonw *w = &call->out;
    struct doc d;
    int rc = read_doc(call, &d);
    if (rc)
        return rc;
    jsonw_object(w);
    jsonw_name(w, "DeliveryStreamDescription");
    jsonw_object(w);
    jsonw_kv_str(w, "DeliveryStreamName", d.name);
    jsonw_kv_str(w, "DeliveryStreamARN",
                 api_arn(call, "firehose", "deliverystream/%.*s", BYTES_ARG(d.name)));
    jsonw_kv_cstr(w, "DeliveryStreamStatus", "ACTIVE");
    jsonw_kv_raw(w, "DeliveryStreamEncryptionConfiguration", BYTES("{\"Status\":\"DISABLED\"}"));
    jsonw_kv_cstr(w, "DeliveryStreamType", d.direct ? "DirectPut" : "KinesisStreamAsSource");
    jsonw_kv_str(w, "VersionId", arena_fmt(call->arena, "%lld", (long long)d.version));
    jsonw_kv_time_ms(w, "CreateTimestamp", d.created_ms);
    if (d.updated_ms != d.created_ms)
        jsonw_kv_time_ms(w, "LastUpdateTimestamp", d.updated_ms);
    if (!d.direct)
        write_source(w, &d);
    write_destinations(w, d.destination);
    jsonw_end_object(w);
    jsonw_end_object(w);
    return 0;
}

/* ---- delete and list ---- */

int firehose_delete(struct api_call *call) {
    struct firehose_service *f = firehose_of(call);
    struct bytes name = json_get_str(call->in, "DeliveryStreamName");
    pthread_mutex_lock(&f->admin);
    pthread_rwlock_rdlock(&f->lock);
    bool found = firehose_find(f, name) != NULL;
    pthread_rwlock_unlock(&f->lock);
    int rc = found ? 0 : firehose_not_found(name, &call->err);
    if (!rc) {
        firehose_remove(f, name); /* no append can meet the log from here on */
        rc = delivery_delete(f->delivery, name, &call->err);
    }
    pthread_mutex_unlock(&f->admin);
    return rc;
}

int firehose_list(struct api_call *call) {
    struct firehose_service *f = firehose_of(call);
    struct bytes after = json_get_str(call->in, "ExclusiveStartDeliveryStreamName");
    struct bytes type = json_get_str(call->in, "DeliveryStreamType");
    int64_t left = json_get_i64(call->in, "Limit", 10);
    bool more = false;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "DeliveryStreamNames");
    jsonw_array(&call->out);
    pthread_rwlock_rdlock(&f->lock);
    for (size_t i = 0; i < f->count && !more; i++) {
        const struct firehose_stream *s = f->streams[i];
        const char *its = s->direct ? "DirectPut" : "KinesisStreamAsSource";
        if (bytes_cmp(bytes_str(s->name), after) <= 0 || (type.len && !bytes_eq_str(type, its)))
            continue;
        if (left-- > 0)
            jsonw_cstr(&call->out, s->name);
        else
            more = true;
    }
    pthread_rwlock_unlock(&f->lock);
    jsonw_end_array(&call->out);
    jsonw_kv_bool(&call->out, "HasMoreDeliveryStreams", more);
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- changes ---- */

static int store(struct api_call *call, const struct doc *d) {
    struct bytes json;
    int rc = write_doc(call->arena, d, &json, &call->err);
    return rc ? rc : delivery_update(firehose_of(call)->delivery, d->name, json, &call->err);
}

/* The destination as it would be, for the checks that look at several members. */
static int merged_check(struct api_call *call, const struct doc *d) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    struct json *merged;
    destination_write(&w, d->destination, d->destination_changes);
    int rc = buf_ok(&out) ? json_parse(call->arena, buf_bytes(&out), &merged, &call->err)
                          : err_set(&call->err, ERR_NOMEM, NULL);
    if (!rc)
        rc = destination_check(merged, &call->err);
    buf_clear(&out);
    return rc;
}

static int update_locked(struct api_call *call) {
    struct doc d;
    struct bytes version = json_get_str(call->in, "CurrentDeliveryStreamVersionId");
    int64_t number = 0;
    int rc = read_doc(call, &d);
    if (rc)
        return rc;
    if (!bytes_to_i64(version, &number) || number != d.version)
        return err_set(&call->err, ERR_CONCURRENT_MODIFICATION,
                       "The delivery stream's version is %lld, not %.*s; describe it again.",
                       (long long)d.version, BYTES_ARG(version));
    if (!bytes_eq_str(json_get_str(call->in, "DestinationId"), FIREHOSE_DESTINATION_ID))
        return err_set(&call->err, ERR_INVALID_ARGUMENT, "DestinationId must be %s.",
                       FIREHOSE_DESTINATION_ID);
    d.destination_changes = json_get(call->in, "ExtendedS3DestinationUpdate");
    if (!d.destination_changes)
        d.destination_changes = json_get(call->in, "S3DestinationUpdate");
    if (!d.destination_changes)
        return err_set(&call->err, ERR_INVALID_ARGUMENT, "Give ExtendedS3DestinationUpdate.");
    rc = merged_check(call, &d);
    d.version++;
    d.updated_ms = clock_wall_ms(firehose_of(call)->clock);
    return rc ? rc : store(call, &d);
}

int firehose_update_destination(struct api_call *call) {
    struct firehose_service *f = firehose_of(call);
    pthread_mutex_lock(&f->admin);
    int rc = update_locked(call);
    pthread_mutex_unlock(&f->admin);
    return rc;
}

static int change_tags(struct api_call *call, const struct json *add, const struct json *remove) {
    struct firehose_service *f = firehose_of(call);
    struct doc d;
    int rc = check_tags(add, &call->err);
    if (rc)
        return rc;
    pthread_mutex_lock(&f->admin);
    rc = read_doc(call, &d);
    if (!rc) {
        d.new_tags = add;
        d.gone_tags = remove;
        rc = store(call, &d);
    }
    pthread_mutex_unlock(&f->admin);
    return rc;
}

int firehose_tag(struct api_call *call) {
    return change_tags(call, json_get(call->in, "Tags"), NULL);
}

int firehose_untag(struct api_call *call) {
    return change_tags(call, NULL, json_get(call->in, "TagKeys"));
}

int firehose_list_tags(struct api_call *call) {
    struct bytes after = json_get_str(call->in, "ExclusiveStartTagKey");
    int64_t left = json_get_i64(call->in, "Limit", 50);
    bool more = false, passed = !after.ptr;
    struct doc d;
    int rc = read_doc(call, &d);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Tags");
    jsonw_array(&call->out);
    JSON_FOR_EACH(tag, d.tags) {
        if (passed && left-- > 0)
            write_tag(&call->out, tag);
        else if (passed)
            more = true;
        passed = passed || bytes_eq(json_get_str(tag, "Key"), after);
    }
    jsonw_end_array(&call->out);
    jsonw_kv_bool(&call->out, "HasMoreTags", more);
    jsonw_end_object(&call->out);
    return 0;
}
