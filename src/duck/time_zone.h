/* time_zone.h - time zones by name and their offsets. Pure functions, without DuckDB: the SQL front
 * end reads literals with them, the C functions convert columns.
 *
 * A zone is a number: 0 is UTC, 1 to 1681 the offsets from -14:00 to +14:00 by minutes, above that
 * the names of time_zone_names.c. What a name means is read from the machine's time zone database
 * (/usr/share/zoneinfo, https://www.rfc-editor.org/rfc/rfc8536) when it is first asked for. */
#ifndef TARN_DUCK_TIME_ZONE_H
#define TARN_DUCK_TIME_ZONE_H

#include "base/bytes.h"

#define TIME_ZONE_UTC 0u
#define TIME_ZONE_OFFSET_BIAS 841
#define TIME_ZONE_NAMED 1682u
#define TIME_ZONE_MAX_MINUTES 840

extern const char *const time_zone_names[];
extern const size_t time_zone_name_count;

/* "UTC", "+05:45", "Asia/Kathmandu" (any case), "GMT+2" and the like. False: there is none such. */
bool time_zone_find(struct bytes name, unsigned *ret_zone) WARN_UNUSED;
/* Minutes from -840 to 840. */
unsigned time_zone_of_minutes(int minutes);
bool time_zone_is_fixed(unsigned zone);
/* Trino's name of it, appended. */
void time_zone_add_name(unsigned zone, struct buf *out);

/* What was read of the database so far. One thread at a time. */
struct time_zones;
struct time_zones *time_zones_new(void) WARN_UNUSED; /* NULL: out of memory */
void time_zones_free(struct time_zones **z);

/* Seconds east of UTC at an instant (seconds since 1970). False: the machine's database lacks the
 * zone. */
bool time_zone_offset(struct time_zones *z, unsigned zone, int64_t instant,
                      int *ret_offset) WARN_UNUSED;
/* The offset in force when clocks of the zone show `local`. Of two possible ones `preferred` when
 * it is one of them, else the earlier (summer) one; in the hour that is skipped the one before it,
 * and *ret_skipped is true. ret_skipped may be NULL; INT_MIN prefers none. */
bool time_zone_local_offset(struct time_zones *z, unsigned zone, int64_t local, int preferred,
                            int *ret_offset, bool *ret_skipped) WARN_UNUSED;

#endif
