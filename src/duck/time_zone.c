/* time_zone.c - zones by name, and offsets from the machine's time zone database.
 *
 * A TZif file has the instants at which a zone's offset changed, and behind them a rule for all
 * years to come:
 *
 *     header | 32 bit data (skipped) | header | instants 8 n | types n | 6 bytes per type | ...
 *     "\nCET-1CEST,M3.5.0,M10.5.0/3\n"
 *
 * An offset is looked up by binary search; after the last instant the rule is worked out for the
 * instant's year. */
#include "duck/time_zone.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/vfs.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY INT64_C(86400)

/* ---- names ---- */
static bool is_utc_name(struct bytes n) {
    static const char *const names[] = {"utc",       "z",         "ut",   "uct",   "gmt",  "gmt0",
                                        "greenwich", "universal", "zulu", "gmt+0", "gmt-0"};
    if (n.len > 4 && bytes_eq_nocase(bytes_slice(n, 0, 4), BYTES("etc/")))
        n = bytes_slice(n, 4, n.len);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (bytes_eq_nocase(n, bytes_str(names[i])))
            return true;
    return false;
}

static bool two_digits(struct bytes n, size_t at, int *ret) {
    if (at + 2 > n.len || !isdigit((unsigned char)n.ptr[at]) ||
        !isdigit((unsigned char)n.ptr[at + 1]))
        return false;
    *ret = (n.ptr[at] - '0') * 10 + n.ptr[at + 1] - '0';
    return true;
}

/* "+5", "+05", "+0530", "+05:30" behind nothing, "UTC", "GMT" or "UT" */
static bool read_offset(struct bytes n, int *ret_minutes) {
    static const char *const prefixes[] = {"UTC", "GMT", "UT"};
    int h, m = 0;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        size_t len = strlen(prefixes[i]);
        if (n.len > len && bytes_eq(bytes_slice(n, 0, len), bytes_str(prefixes[i]))) {
            n = bytes_slice(n, len, n.len);
            break;
        }
    }
    if (n.len < 2 || (n.ptr[0] != '+' && n.ptr[0] != '-'))
        return false;
    if (n.len == 2 && isdigit((unsigned char)n.ptr[1]))
        h = n.ptr[1] - '0';
    else if (!two_digits(n, 1, &h))
        return false;
    if (n.len > 3 && !(n.len == 5 && two_digits(n, 3, &m)) &&
        !(n.len == 6 && n.ptr[3] == ':' && two_digits(n, 4, &m)))
        return false;
    *ret_minutes = (h * 60 + m) * (n.ptr[0] == '-' ? -1 : 1);
    return m < 60 && h * 60 + m <= TIME_ZONE_MAX_MINUTES;
}

/* Etc/GMT+5 is five hours west. */
static bool read_etc(struct bytes n, int *ret_minutes) {
    int64_t h;
    if (n.len < 9 || n.len > 10 || !bytes_eq_nocase(bytes_slice(n, 0, 7), BYTES("etc/gmt")) ||
        (n.ptr[7] != '+' && n.ptr[7] != '-') || !bytes_to_i64(bytes_slice(n, 8, n.len), &h) ||
        h < 0 || h > 14)
        return false;
    *ret_minutes = (int)h * (n.ptr[7] == '-' ? 60 : -60);
    return true;
}

static int order_nocase(struct bytes a, const char *b) {
    for (size_t i = 0; i < a.len; i++) {
        int d = tolower((unsigned char)a.ptr[i]) - tolower((unsigned char)b[i]);
        if (d)
            return d;
    }
    return b[a.len] ? -1 : 0;
}

unsigned time_zone_of_minutes(int minutes) {
    assert(minutes >= -TIME_ZONE_MAX_MINUTES && minutes <= TIME_ZONE_MAX_MINUTES);
    return minutes ? (unsigned)(minutes + TIME_ZONE_OFFSET_BIAS) : TIME_ZONE_UTC;
}

bool time_zone_find(struct bytes name, unsigned *ret) {
    int minutes;
    if (is_utc_name(name)) {
        *ret = TIME_ZONE_UTC;
        return true;
    }
    if (read_offset(name, &minutes) || read_etc(name, &minutes)) {
        *ret = time_zone_of_minutes(minutes);
        return true;
    }
    for (size_t low = 0, high = time_zone_name_count; low < high;) {
        size_t mid = (low + high) / 2;
        int d = order_nocase(name, time_zone_names[mid]);
        if (d == 0) {
            *ret = TIME_ZONE_NAMED + (unsigned)mid;
            return true;
        }
        if (d < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

bool time_zone_is_fixed(unsigned zone) {
    return zone < TIME_ZONE_NAMED;
}

static int fixed_minutes(unsigned zone) {
    return zone == TIME_ZONE_UTC ? 0 : (int)zone - TIME_ZONE_OFFSET_BIAS;
}

void time_zone_add_name(unsigned zone, struct buf *out) {
    if (zone == TIME_ZONE_UTC) {
        buf_add_str(out, "UTC");
    } else if (zone < TIME_ZONE_NAMED) {
        int m = fixed_minutes(zone);
        buf_add_fmt(out, "%c%02d:%02d", m < 0 ? '-' : '+', abs(m) / 60, abs(m) % 60);
    } else {
        assert(zone - TIME_ZONE_NAMED < time_zone_name_count);
        buf_add_str(out, time_zone_names[zone - TIME_ZONE_NAMED]);
    }
}

/* ---- one zone of the database ---- */
struct change { /* of the rule: the w-th weekday d of month m, at a second of that day */
    int m, w, d, second;
};
struct zone {
    int64_t *at;  /* count instants */
    int *offsets; /* from each of them on */
    size_t count;
    int first; /* before all */
    bool has_rule, has_summer;
    int standard, summer;
    struct change to_summer, to_standard;
};
struct time_zones {
    struct zone *zones[1]; /* per name; NULL: not read yet */
};

static void zone_free(struct zone *z) {
    if (z) {
        mem_free(z->at);
        mem_free(z->offsets);
        mem_free(z);
    }
}

/* ---- the rule ---- */
static bool rule_name(const char **p) {
    const char *from = *p;
    if (**p == '<') {
        while (**p && **p != '>')
            ++*p;
        return **p && *(*p)++ == '>';
    }
    while (isalpha((unsigned char)**p))
        ++*p;
    return *p > from;
}

/* "[+-]h[:m[:s]]" */
static bool rule_time(const char **p, int *ret) {
    int sign = **p == '-' ? -1 : 1, part = 0, total = 0, unit = 3600;
    if (**p == '-' || **p == '+')
        ++*p;
    if (!isdigit((unsigned char)**p))
        return false;
    for (; unit; unit /= 60) {
        for (part = 0; isdigit((unsigned char)**p) && part < 1000; ++*p)
            part = part * 10 + **p - '0';
        total += part * unit;
        if (**p != ':')
            break;
        ++*p;
    }
    *ret = sign * total;
    return true;
}

static bool rule_change(const char **p, struct change *ret) {
    int n = 0;
    if (sscanf(*p, ",M%d.%d.%d%n", &ret->m, &ret->w, &ret->d, &n) != 3 || !n || ret->m < 1 ||
        ret->m > 12 || ret->w < 1 || ret->w > 5 || ret->d < 0 || ret->d > 6)
        return false;
    *p += n;
    ret->second = 7200;
    return **p != '/' || (++*p, rule_time(p, &ret->second));
}

/* "CET-1CEST,M3.5.0,M10.5.0/3"; hours west are positive in it. */
static void read_rule(const char *p, struct zone *z) {
    int west;
    if (!rule_name(&p) || !rule_time(&p, &west))
        return;
    z->standard = -west;
    z->has_rule = !*p || *p == '\n';
    if (z->has_rule || !rule_name(&p))
        return;
    z->summer = z->standard + 3600;
    if (*p != ',') {
        if (!rule_time(&p, &west))
            return;
        z->summer = -west;
    }
    z->has_summer = z->has_rule =
        rule_change(&p, &z->to_summer) && rule_change(&p, &z->to_standard);
}

/* Local second since 1970 at which a year's change comes. */
static int64_t change_at(const struct change *c, int year) {
    int64_t first = clock_days_from_civil(year, c->m, 1);
    int64_t next = clock_days_from_civil(year + (c->m == 12), c->m % 12 + 1, 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    int64_t day = first + (c->d - weekday + 7) % 7 + 7 * (c->w - 1);
    while (day >= next)
        day -= 7;
    return day * DAY + c->second;
}

static int rule_offset(const struct zone *z, int64_t instant) {
    struct clock_fields f;
    if (!z->has_summer)
        return z->standard;
    clock_split_ms((instant + z->standard) * 1000, &f);
    int64_t on = change_at(&z->to_summer, f.year) - z->standard;
    int64_t off = change_at(&z->to_standard, f.year) - z->summer;
    bool summer = on < off ? instant >= on && instant < off : instant >= on || instant < off;
    return summer ? z->summer : z->standard;
}

/* ---- reading ---- */
static int64_t big_endian(const unsigned char *p, int n) {
    int64_t v = (signed char)p[0];
    for (int i = 1; i < n; i++)
        v = (int64_t)((uint64_t)v << 8) | p[i];
    return v;
}

struct tzif {
    size_t utc, standard, leaps, times, types, names; /* counts */
};
static bool read_head(struct bytes file, size_t at, struct tzif *h) {
    if (at + 44 > file.len || memcmp(file.ptr + at, "TZif", 4) != 0)
        return false;
    const unsigned char *p = (const unsigned char *)file.ptr + at + 20;
    size_t *counts[] = {&h->utc, &h->standard, &h->leaps, &h->times, &h->types, &h->names};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        int64_t n = big_endian(p + 4 * i, 4);
        if (n < 0 || n > 100000)
            return false;
        *counts[i] = (size_t)n;
    }
    return h->types > 0;
}
static size_t body_size(const struct tzif *h, size_t time_size) {
    return h->times * (time_size + 1) + h->types * 6 + h->names + h->leaps * (time_size + 4) +
           h->standard + h->utc;
}

static bool read_zone(struct bytes file, struct zone *z) {
    struct tzif h;
    if (!read_head(file, 0, &h))
        return false;
    size_t at = 44 + body_size(&h, 4);
    if (!read_head(file, at, &h) || at + 44 + body_size(&h, 8) > file.len)
        return false;
    const unsigned char *times = (const unsigned char *)file.ptr + at + 44;
    const unsigned char *kinds = times + 8 * h.times, *types = kinds + h.times;
    z->at = mem_alloc((h.times + 1) * sizeof(*z->at));
    z->offsets = mem_alloc((h.times + 1) * sizeof(*z->offsets));
    if (!z->at || !z->offsets)
        return false;
    z->count = h.times;
    z->first = (int)big_endian(types, 4);
    for (size_t i = 0; i < h.times; i++) {
        if (kinds[i] >= h.types)
            return false;
        z->at[i] = big_endian(times + 8 * i, 8);
        z->offsets[i] = (int)big_endian(types + 6 * (size_t)kinds[i], 4);
    }
    char rule[80] = "";
    struct bytes rest = bytes_slice(file, at + 44 + body_size(&h, 8) + 1, file.len);
    memcpy(rule, rest.ptr ? rest.ptr : "", MIN_OF(rest.len, sizeof(rule) - 1));
    read_rule(rule, z);
    return true;
}

static struct zone *load_zone(const char *name) {
    char path[128];
    struct buf file = {0};
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    struct zone *z = mem_calloc(1, sizeof(*z));
    bool ok = z && vfs_read_file(vfs_system(), path, 1 << 20, &file, NULL) == 0 && buf_ok(&file) &&
              read_zone(buf_bytes(&file), z);
    buf_clear(&file);
    if (ok)
        return z;
    zone_free(z);
    return NULL;
}

/* ---- looking up ---- */
struct time_zones *time_zones_new(void) {
    return mem_calloc(1, sizeof(struct time_zones) + time_zone_name_count * sizeof(struct zone *));
}

void time_zones_free(struct time_zones **z) {
    for (size_t i = 0; *z && i < time_zone_name_count; i++)
        zone_free((*z)->zones[i]);
    mem_free(*z);
    *z = NULL;
}

static int named_offset(const struct zone *z, int64_t instant) {
    size_t low = 0, high = z->count;
    while (low < high) { /* the first change after the instant */
        size_t mid = (low + high) / 2;
        if (z->at[mid] <= instant)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == z->count && z->has_rule)
        return rule_offset(z, instant);
    return low ? z->offsets[low - 1] : z->first;
}

bool time_zone_offset(struct time_zones *z, unsigned zone, int64_t instant, int *ret) {
    if (zone < TIME_ZONE_NAMED) {
        *ret = fixed_minutes(zone) * 60;
        return true;
    }
    size_t i = zone - TIME_ZONE_NAMED;
    if (i >= time_zone_name_count ||
        (!z->zones[i] && !(z->zones[i] = load_zone(time_zone_names[i]))))
        return false;
    *ret = named_offset(z->zones[i], instant);
    return true;
}

bool time_zone_local_offset(struct time_zones *z, unsigned zone, int64_t local, int preferred,
                            int *ret, bool *ret_skipped) {
    int before, after, now;
    if (ret_skipped)
        *ret_skipped = false;
    if (!time_zone_offset(z, zone, local - DAY, &before) ||
        !time_zone_offset(z, zone, local + DAY, &after))
        return false;
    int tries[] = {preferred == after ? after : before, preferred == after ? before : after};
    for (int i = 0; i < 2; i++) {
        *ret = tries[i];
        if (!time_zone_offset(z, zone, local - tries[i], &now))
            return false;
        if (now == tries[i])
            return true;
    }
    *ret = before;
    if (ret_skipped)
        *ret_skipped = true;
    return true;
}
