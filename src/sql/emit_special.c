/* emit_special.c - casts of ipaddress, ipprefix, uuid and sketches, which DuckDB holds as bytes. */
#include "sql/emit_int.h"

/* "" : the bytes stay */
static const struct {
    enum sql_type_tag from, to;
    const char *fn, *try_fn;
} casts[] = {
    {ST_VARCHAR, ST_IPADDRESS, "t_cast_ipaddress", "t_try_cast_ipaddress"},
    {ST_VARBINARY, ST_IPADDRESS, "t_ip_of_bytes", "t_try_ip_of_bytes"},
    {ST_IPPREFIX, ST_IPADDRESS, "t_subnet_min", "t_subnet_min"},
    {ST_IPADDRESS, ST_VARCHAR, "t_ip_text", "t_ip_text"},
    {ST_IPADDRESS, ST_VARBINARY, "", ""},
    {ST_IPADDRESS, ST_IPPREFIX, "t_ip_to_prefix", "t_ip_to_prefix"},
    {ST_VARCHAR, ST_IPPREFIX, "t_cast_ipprefix", "t_try_cast_ipprefix"},
    {ST_IPPREFIX, ST_VARCHAR, "t_ipprefix_text", "t_ipprefix_text"},
    {ST_VARCHAR, ST_UUID, "t_cast_uuid", "t_try_cast_uuid"},
    {ST_VARBINARY, ST_UUID, "t_uuid_of_bytes", "t_try_uuid_of_bytes"},
    {ST_UUID, ST_VARBINARY, "t_uuid_bytes", "t_uuid_bytes"},
    {ST_HLL, ST_VARBINARY, "", ""},
    {ST_VARBINARY, ST_HLL, "", ""},
    {ST_P4HLL, ST_VARBINARY, "", ""},
    {ST_VARBINARY, ST_P4HLL, "", ""},
    {ST_HLL, ST_P4HLL, "", ""},
    {ST_P4HLL, ST_HLL, "", ""},
    {ST_TDIGEST, ST_VARBINARY, "", ""},
    {ST_VARBINARY, ST_TDIGEST, "", ""},
};

bool emit_cast_special(struct emitter *em, struct bytes value, const struct sql_type *from,
                       const struct sql_type *to, bool is_try) {
    for (size_t i = 0; i < COUNT_OF(casts); i++) {
        if (casts[i].from != from->kind || casts[i].to != to->kind)
            continue;
        put(em, is_try ? casts[i].try_fn : casts[i].fn);
        put(em, "(");
        put_bytes(em, value);
        put(em, ")");
        return true;
    }
    return false;
}
