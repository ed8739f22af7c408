/* expression_literal.c - literals by type, as strictly as AWS reads them: a date has ten characters
 * and exists, a timestamp has seconds, an integer no point. Texts and the types that AWS does not
 * filter by (floating, boolean) take any literal; one that cannot be compared matches nothing. */
#include "api/glue/expression_literal.h"
#include "catalog/value.h"
#include <ctype.h>

static bool is_integer(struct bytes v) {
    int64_t n;
    return bytes_to_i64(v, &n);
}

/* [sign] digits [. digits] [e [sign] digits] */
static bool is_decimal(struct bytes v) {
    size_t i = v.len && (v.ptr[0] == '-' || v.ptr[0] == '+'), digits = 0;
    for (; i < v.len && isdigit((unsigned char)v.ptr[i]); i++)
        digits++;
    if (i < v.len && v.ptr[i] == '.')
        for (i++; i < v.len && isdigit((unsigned char)v.ptr[i]); i++)
            digits++;
    if (digits == 0)
        return false;
    if (i == v.len)
        return true;
    if (v.ptr[i] != 'e' && v.ptr[i] != 'E')
        return false;
    struct bytes exponent = bytes_slice(v, i + 1, v.len);
    if (exponent.len && exponent.ptr[0] == '+')
        exponent = bytes_slice(exponent, 1, exponent.len);
    return exponent.len <= 6 && is_integer(exponent);
}

/* Whether the text has the shape of `form`, where 9 stands for a digit. */
static bool has_form(struct bytes v, const char *form) {
    size_t i = 0;
    for (; form[i]; i++)
        if (i >= v.len ||
            (form[i] == '9' ? !isdigit((unsigned char)v.ptr[i]) : v.ptr[i] != form[i]))
            return false;
    return i == v.len;
}

static int number_at(struct bytes v, size_t at, size_t len) {
    int n = 0;
    for (size_t i = at; i < at + len; i++)
        n = n * 10 + (v.ptr[i] - '0');
    return n;
}

static bool is_date(struct bytes v) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!has_form(v, "9999-99-99"))
        return false;
    int y = number_at(v, 0, 4), m = number_at(v, 5, 2), d = number_at(v, 8, 2);
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (m < 1 || m > 12 || d < 1 || d > days[m - 1])
        return false;
    return leap || m != 2 || d < 29;
}

static bool is_timestamp(struct bytes v) {
    struct bytes time = bytes_slice(v, 11, 19), fraction = bytes_slice(v, 20, v.len);
    if (v.len < 19 || !is_date(bytes_slice(v, 0, 10)) || v.ptr[10] != ' ' ||
        !has_form(time, "99:99:99") || number_at(time, 0, 2) > 23 || number_at(time, 3, 2) > 59 ||
        number_at(time, 6, 2) > 59)
        return false;
    if (v.len == 19)
        return true;
    for (size_t i = 0; i < fraction.len; i++)
        if (!isdigit((unsigned char)fraction.ptr[i]))
            return false;
    return v.ptr[19] == '.' && fraction.len > 0;
}

int expression_check_literal(const struct type *t, struct bytes v, struct err *e) {
    const char *what = NULL;
    if (bytes_eq_str(v, CATALOG_NULL_PARTITION))
        return 0;
    switch (t->kind) {
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        what = is_integer(v) ? NULL : "an integer";
        break;
    case TYPE_DECIMAL:
        what = is_decimal(v) ? NULL : "a decimal";
        break;
    case TYPE_DATE:
        what = is_date(v) ? NULL : "a date";
        break;
    case TYPE_TIMESTAMP:
        what = is_timestamp(v) ? NULL : "a timestamp";
        break;
    default:
        break;
    }
    return what ? err_set(e, ERR_INVALID_INPUT, "\"%.*s\" is not %s.", BYTES_ARG(v), what) : 0;
}

int expression_check_like(const struct type *t, struct err *e) {
    const char *kind = NULL;
    switch (t->kind) {
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        kind = "Integral";
        break;
    case TYPE_DECIMAL:
        kind = "Decimal";
        break;
    case TYPE_DATE:
        kind = "Date";
        break;
    case TYPE_TIMESTAMP:
        kind = "Timestamp";
        break;
    default:
        return 0;
    }
    return err_set(e, ERR_INVALID_INPUT, "%s data type doesn't support operation 'LIKE'", kind);
}
