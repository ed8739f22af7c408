/* glue_settings.c - what belongs to the whole catalogue: encryption settings, resource policies,
 * the import from Athena's old catalogue.
 *
 * Settings and policies are kept and given back; Tarn does not encrypt by KMS and does not evaluate
 * policies (README: invariants). A policy's hash is the MD5 of its text, base64. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "base/encode.h"
#include "base/hash.h"

/* ---- encryption ---- */
#define ENCRYPTION_KIND "glue.encryption"
static struct bytes catalog_id(struct api_call *call) {
    struct bytes id = json_get_str(call->in, "CatalogId");
    return id.len ? id : BYTES(API_ACCOUNT_ID);
}

int glue_put_encryption_settings(struct api_call *call) {
    const struct json *in = json_get(call->in, "DataCatalogEncryptionSettings");
    int rc = glue_check(in, "dataCatalogEncryptionSettings", &glue_shape_encryption, &call->err);
    if (rc)
        return rc;
    struct bytes json = glue_stored(call, in, (struct bytes){0});
    if (call->arena->failed)
        return glue_out_of_memory(call);
    return catalog_doc_put(glue_catalog(call), ENCRYPTION_KIND, catalog_id(call), 0, json, -1,
                           &call->err);
}

int glue_get_encryption_settings(struct api_call *call) {
    struct catalog_doc doc;
    int rc = catalog_doc_get(glue_catalog(call), call->arena, ENCRYPTION_KIND, catalog_id(call),
                             &doc, &call->err);
    if (rc && rc != ERR_RESOURCE_NOT_FOUND)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_raw(&call->out, "DataCatalogEncryptionSettings",
                 rc ? BYTES("{\"EncryptionAtRest\":{\"CatalogEncryptionMode\":\"DISABLED\"},"
                            "\"ConnectionPasswordEncryption\":"
                            "{\"ReturnConnectionPasswordEncrypted\":false}}")
                    : doc.json);
    jsonw_end_object(&call->out);
    return 0;
}

/* There never was another catalogue to import from. */
int glue_get_import_status(struct api_call *call) {
    jsonw_object(&call->out);
    jsonw_name(&call->out, "ImportStatus");
    jsonw_object(&call->out);
    jsonw_kv_bool(&call->out, "ImportCompleted", true);
    jsonw_end_object(&call->out);
    jsonw_end_object(&call->out);
    return 0;
}

/* ---- resource policies ---- */
#define POLICY_KIND "glue.policy"
struct policy {
    bool exists;
    int64_t doc_version; /* for an optimistic put */
    struct bytes text, hash;
    int64_t create_ms, update_ms;
};

static struct bytes policy_key(struct api_call *call) {
    struct bytes arn = json_get_str(call->in, "ResourceArn");
    return arn.len ? arn : api_arn(call, "glue", "catalog");
}

static int policy_parse(struct api_call *call, const struct catalog_doc *doc, struct policy *ret) {
    struct json *in;
    int rc = json_parse(call->arena, doc->json, &in, &call->err);
    if (!rc)
        *ret = (struct policy){.exists = true,
                               .doc_version = doc->version,
                               .text = json_get_str(in, "PolicyInJson"),
                               .hash = json_get_str(in, "PolicyHash"),
                               .create_ms = json_get_i64(in, "CreateMs", 0),
                               .update_ms = json_get_i64(in, "UpdateMs", 0)};
    return rc;
}

/* A policy that is not there is no error. */
static int policy_read(struct api_call *call, struct policy *ret) {
    struct catalog_doc doc;
    *ret = (struct policy){0};
    int rc = catalog_doc_get(glue_catalog(call), call->arena, POLICY_KIND, policy_key(call), &doc,
                             &call->err);
    return rc == ERR_RESOURCE_NOT_FOUND ? 0 : rc ? rc : policy_parse(call, &doc, ret);
}

static int no_policy(struct err *e) {
    return err_set(e, ERR_ENTITY_NOT_FOUND, "Policy not found");
}

static int condition_failed(struct err *e, const char *why) {
    return err_set_named(e, ERR_INVALID_REQUEST, "ConditionCheckFailureException", 400, "%s", why);
}

static int check_conditions(struct api_call *call, const struct policy *p) {
    struct bytes exists = json_get_str(call->in, "PolicyExistsCondition");
    struct bytes hash = json_get_str(call->in, "PolicyHashCondition");
    if (bytes_eq_str(exists, "NOT_EXIST") && p->exists)
        return condition_failed(&call->err, "Policy already exists");
    if (bytes_eq_str(exists, "MUST_EXIST") && !p->exists)
        return condition_failed(&call->err, "Policy does not exist");
    if (hash.len && !bytes_eq(hash, p->hash))
        return condition_failed(&call->err,
                                "PolicyHashCondition is not the hash of the current policy; read "
                                "it again.");
    return 0;
}

static struct bytes hash_of(struct api_call *call, struct bytes text) {
    uint8_t digest[MD5_LEN];
    char *out = arena_alloc(call->arena, base64_encoded_len(MD5_LEN));
    md5(text, digest);
    return out ? bytes_of(out, base64_encode(bytes_of(digest, MD5_LEN), out)) : BYTES("");
}

static int policy_write(struct api_call *call, const struct policy *old, struct bytes hash) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int64_t now = clock_wall_ms(catalog_clock(glue_catalog(call)));
    jsonw_object(&w);
    jsonw_kv_str(&w, "PolicyInJson", json_get_str(call->in, "PolicyInJson"));
    jsonw_kv_str(&w, "PolicyHash", hash);
    jsonw_kv_i64(&w, "CreateMs", old->exists ? old->create_ms : now);
    jsonw_kv_i64(&w, "UpdateMs", now);
    jsonw_end_object(&w);
    struct catalog *c = glue_catalog(call);
    struct bytes key = policy_key(call), json = buf_bytes(&out);
    int rc = !buf_ok(&out) ? glue_out_of_memory(call)
             : old->exists
                 ? catalog_doc_put(c, POLICY_KIND, key, now, json, old->doc_version, &call->err)
                 : catalog_doc_create(c, POLICY_KIND, key, now, json, &call->err);
    buf_clear(&out);
    if (rc == ERR_ALREADY_EXISTS || rc == ERR_CONCURRENT_MODIFICATION)
        rc = condition_failed(&call->err, "The policy was changed by another request; retry.");
    return rc;
}

int glue_put_resource_policy(struct api_call *call) {
    struct bytes text = json_get_str(call->in, "PolicyInJson");
    struct policy old;
    struct json *parsed;
    struct err why;
    if (json_parse(call->arena, text, &parsed, &why) || parsed->kind != JSON_OBJECT)
        return err_set(&call->err, ERR_INVALID_INPUT, "PolicyInJson is not a JSON object.");
    int rc = policy_read(call, &old);
    if (!rc)
        rc = check_conditions(call, &old);
    if (rc)
        return rc;
    struct bytes hash = hash_of(call, text);
    if (call->arena->failed)
        return glue_out_of_memory(call);
    rc = policy_write(call, &old, hash);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_kv_str(&call->out, "PolicyHash", hash);
    jsonw_end_object(&call->out);
    return 0;
}

static void write_policy(struct jsonw *w, const struct policy *p) {
    jsonw_object(w);
    jsonw_kv_str(w, "PolicyInJson", p->text);
    jsonw_kv_str(w, "PolicyHash", p->hash);
    jsonw_kv_time_ms(w, "CreateTime", p->create_ms);
    jsonw_kv_time_ms(w, "UpdateTime", p->update_ms);
    jsonw_end_object(w);
}

int glue_get_resource_policy(struct api_call *call) {
    struct policy p;
    int rc = policy_read(call, &p);
    if (!rc && !p.exists)
        rc = no_policy(&call->err);
    if (!rc)
        write_policy(&call->out, &p);
    return rc;
}

int glue_get_resource_policies(struct api_call *call) {
    size_t max = glue_max_results(call, 1000), n;
    struct catalog_doc *docs;
    struct bytes after;
    int rc = glue_token(call, "glue:GetResourcePolicies", &after);
    if (!rc)
        rc = catalog_doc_list(glue_catalog(call), call->arena, POLICY_KIND, false, INT64_MAX, after,
                              max + 1, &docs, &n, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "GetResourcePoliciesResponseList");
    jsonw_array(&call->out);
    for (size_t i = 0; !rc && i < n && i < max; i++) {
        struct policy p;
        rc = policy_parse(call, &docs[i], &p);
        if (!rc)
            write_policy(&call->out, &p);
    }
    jsonw_end_array(&call->out);
    if (n > max)
        glue_write_token(call, "glue:GetResourcePolicies", docs[max - 1].key);
    jsonw_end_object(&call->out);
    return rc;
}

int glue_delete_resource_policy(struct api_call *call) {
    struct policy p;
    int rc = policy_read(call, &p);
    if (!rc && !p.exists)
        rc = no_policy(&call->err);
    if (!rc)
        rc = check_conditions(call, &p);
    if (!rc)
        rc = catalog_doc_delete(glue_catalog(call), POLICY_KIND, policy_key(call), &call->err);
    return rc == ERR_RESOURCE_NOT_FOUND ? no_policy(&call->err) : rc;
}
