/* schedule.h - AWS schedule expressions: when does it happen next?
 *
 * cron(minutes hours day-of-month month day-of-week year) with , - * ? / L W # and names, one of
 * the two day fields being "?"; rate(n minutes|hours|days) counted from 1970;
 * at(yyyy-mm-ddThh:mm:ss). All in UTC. Source:
 * https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html */
#ifndef TARN_BASE_SCHEDULE_H
#define TARN_BASE_SCHEDULE_H

#include "base/clock.h"
#include "base/err.h"

#define SCHEDULE_YEAR_FIRST 1970
#define SCHEDULE_YEAR_LAST 2199

enum schedule_kind { SCHEDULE_CRON, SCHEDULE_RATE, SCHEDULE_AT };

struct schedule {
    enum schedule_kind kind;
    int64_t period_ms; /* rate */
    int64_t at_ms;     /* at */
    /* cron: bit n set = value n matches */
    uint64_t minutes;
    uint32_t hours, days, months;
    uint8_t years[(SCHEDULE_YEAR_LAST - SCHEDULE_YEAR_FIRST) / 8 + 1];
    bool any_day;       /* day of month is "?" : the week field decides */
    bool last_day;      /* L */
    bool last_weekday;  /* LW */
    uint32_t near_days; /* 15W: the weekday nearest to the 15th */
    uint8_t weekdays;   /* bit 1 Sunday ... bit 7 Saturday */
    uint8_t last_of;    /* 6L: bit as in weekdays, the month's last such day */
    int nth_weekday;    /* 6#3: the weekday; 0: none */
    int nth;
};

/* ERR_INVALID_INPUT naming the field and what it may hold. */
int schedule_parse(struct bytes text, struct schedule *ret, struct err *e) WARN_UNUSED;
/* The first moment strictly after `after_ms`; -1 when there is none. */
int64_t schedule_next(const struct schedule *s, int64_t after_ms);

#endif
