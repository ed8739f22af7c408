/* text_grok.c - %{NAME:column} expanded, depth first.
 *
 * Only references in the format itself become named groups; those inside of patterns become plain
 * groups, for a pattern may be used many times. Depth and length are limited, so that patterns that
 * multiply each other end. */
#include "duck/text_grok.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdio.h>

#define MAX_DEPTH 30
#define MAX_LENGTH (256u << 10)

/* The usual names. Expressions use no capturing groups. */
static const struct {
    const char *name, *regex;
} builtin[] = {
    {"USERNAME", "[a-zA-Z0-9._-]+"},
    {"USER", "%{USERNAME}"},
    {"EMAILLOCALPART", "[a-zA-Z][a-zA-Z0-9_.+=:-]*"},
    {"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"},
    {"INT", "[+-]?[0-9]+"},
    {"BASE10NUM", "[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)"},
    {"NUMBER", "%{BASE10NUM}"},
    {"BASE16NUM", "(?<![0-9A-Fa-f])[+-]?(?:0x)?[0-9A-Fa-f]+"},
    {"BASE16FLOAT", "[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?|\\.[0-9A-Fa-f]+)"},
    {"POSINT", "\\b[1-9][0-9]*\\b"},
    {"NONNEGINT", "\\b[0-9]+\\b"},
    {"WORD", "\\b\\w+\\b"},
    {"NOTSPACE", "\\S+"},
    {"SPACE", "\\s*"},
    {"DATA", ".*?"},
    {"GREEDYDATA", ".*"},
    {"QUOTEDSTRING", "(?:\"(?:\\\\.|[^\\\\\"])*\"|'(?:\\\\.|[^\\\\'])*'|`(?:\\\\.|[^\\\\`])*`)"},
    {"QS", "%{QUOTEDSTRING}"},
    {"UUID", "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}"},
    {"CISCOMAC", "(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4}"},
    {"WINDOWSMAC", "(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}"},
    {"COMMONMAC", "(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}"},
    {"MAC", "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})"},
    {"IPV6", "(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?=[0-9A-Fa-f:.]*::)[0-9A-Fa-f:]*::"
             "[0-9A-Fa-f:]*(?:[0-9]{1,3}(?:\\.[0-9]{1,3}){3})?)(?:%[0-9A-Za-z]+)?"},
    {"IPV4", "(?<![0-9])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\\.){3}"
             "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?![0-9])"},
    {"IP", "(?:%{IPV6}|%{IPV4})"},
    {"HOSTNAME", "\\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\\.?"},
    {"HOST", "%{HOSTNAME}"},
    {"IPORHOST", "(?:%{IP}|%{HOSTNAME})"},
    {"HOSTPORT", "%{IPORHOST}:%{POSINT}"},
    {"PATH", "(?:%{UNIXPATH}|%{WINPATH})"},
    {"UNIXPATH", "(?:/[\\w_%!$@:.,+~-]*)+"},
    {"TTY", "/dev/(?:pts|tty)[a-z0-9/]*[0-9]*"},
    {"WINPATH", "(?:[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+"},
    {"URIPROTO", "[A-Za-z][A-Za-z0-9+.-]*"},
    {"URIHOST", "%{IPORHOST}(?::%{POSINT})?"},
    {"URIPATH", "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+"},
    {"URIPARAM", "\\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\[\\]<>-]*"},
    {"URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"},
    {"URI", "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?"},
    {"MONTH", "\\b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|"
              "[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ep(?:t(?:ember)?)?|[Oo]ct(?:ober)?|"
              "[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\\b"},
    {"MONTHNUM", "(?:0?[1-9]|1[0-2])"},
    {"MONTHNUM2", "(?:0[1-9]|1[0-2])"},
    {"MONTHDAY", "(?:0[1-9]|[12][0-9]|3[01]|[1-9])"},
    {"DAY", "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|"
            "Sun(?:day)?)"},
    {"YEAR", "[0-9]{2}(?:[0-9]{2})?"},
    {"HOUR", "(?:2[0-3]|[01]?[0-9])"},
    {"MINUTE", "[0-5][0-9]"},
    {"SECOND", "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?"},
    {"TIME", "(?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})?(?![0-9])"},
    {"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"},
    {"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"},
    {"ISO8601_TIMEZONE", "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))"},
    {"ISO8601_SECOND", "(?:%{SECOND}|60)"},
    {"TIMESTAMP_ISO8601", "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?"
                          "(?:%{ISO8601_TIMEZONE})?"},
    {"DATE", "(?:%{DATE_US}|%{DATE_EU})"},
    {"DATESTAMP", "%{DATE}[- ]%{TIME}"},
    {"TZ", "[A-Z]{3}"},
    {"DATESTAMP_RFC822", "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"},
    {"DATESTAMP_RFC2822", "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"},
    {"DATESTAMP_OTHER", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}"},
    {"DATESTAMP_EVENTLOG",
     "%{YEAR}%{MONTHNUM2}(?:0[1-9]|[12][0-9]|3[01])%{HOUR}%{MINUTE}%{SECOND}"},
    {"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"},
    {"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"},
    {"PROG", "[\\x21-\\x5a\\x5c\\x5e-\\x7e]+"},
    {"SYSLOGPROG", "%{PROG}(?:\\[%{POSINT}\\])?"},
    {"SYSLOGHOST", "%{IPORHOST}"},
    {"SYSLOGFACILITY", "<%{NONNEGINT}\\.%{NONNEGINT}>"},
    {"SYSLOGBASE", "%{SYSLOGTIMESTAMP} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST} %{SYSLOGPROG}:"},
    {"LOGLEVEL", "(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|"
                 "[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|"
                 "CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|EMERG(?:ENCY)?|"
                 "[Ee]merg(?:ency)?)"},
    {"COMMONAPACHELOG", "%{IPORHOST} %{USER} %{USER} \\[%{HTTPDATE}\\] \"(?:%{WORD} %{NOTSPACE}"
                        "(?: HTTP/%{NUMBER})?|%{DATA})\" %{NUMBER} (?:%{NUMBER}|-)"},
    {"COMBINEDAPACHELOG", "%{COMMONAPACHELOG} %{QS} %{QS}"},
};

struct expansion {
    struct arena *arena;
    struct bytes custom;
    struct grok *grok;
    struct buf out;
    struct err *e;
};

static int wrong(struct expansion *x, const char *what, struct bytes name) {
    return err_set_named(x->e, ERR_SQL, "HIVE_INVALID_METADATA", 0, "Grok pattern '%.*s' %s",
                         BYTES_ARG(bytes_slice(name, 0, MIN_OF(name.len, (size_t)100))), what);
}

/* "NAME expression", a line each. The last of equal names counts. */
static struct bytes find_custom(struct bytes custom, struct bytes name) {
    struct bytes line, word, found = {0};
    while (custom.len) {
        custom = bytes_cut(custom, '\n', &line);
        line = bytes_trim(line);
        size_t n = 0;
        while (n < line.len && !isspace((unsigned char)line.ptr[n]))
            n++;
        word = bytes_slice(line, 0, n);
        if (n < line.len && bytes_eq(word, name))
            found = bytes_trim(bytes_slice(line, n, line.len));
    }
    return found;
}

static struct bytes find_pattern(const struct expansion *x, struct bytes name) {
    struct bytes own = find_custom(x->custom, name);
    for (size_t i = 0; !own.ptr && i < COUNT_OF(builtin); i++)
        if (bytes_eq_str(name, builtin[i].name))
            return bytes_str(builtin[i].regex);
    return own;
}

static int expand(struct expansion *x, struct bytes text, int depth);

/* The part between the braces: NAME[:column[:type]]. */
static int expand_reference(struct expansion *x, struct bytes inside, int depth) {
    struct bytes name, column;
    struct bytes rest = bytes_cut(inside, ':', &name);
    bytes_cut(rest, ':', &column);
    struct bytes pattern = find_pattern(x, name);
    struct grok *g = x->grok;
    if (!pattern.ptr)
        return wrong(x, "is not known; define it in input.grokCustomPatterns", name);
    if (depth >= MAX_DEPTH)
        return wrong(x, "contains itself, or patterns are nested too deep", name);
    if (depth == 0 && g->count == GROK_GROUPS)
        return wrong(x, "is one too many", name);
    if (depth == 0) {
        g->groups[g->count] = arena_fmt(x->arena, "g%zu", g->count);
        buf_add_fmt(&x->out, "(?<g%zu>", g->count);
        g->own_name[g->count] = column.len > 0;
        g->names[g->count++] = column.len ? column : name;
    } else {
        buf_add_str(&x->out, "(?:");
    }
    int rc = expand(x, pattern, depth + 1);
    buf_add_char(&x->out, ')');
    return rc;
}

static int expand(struct expansion *x, struct bytes text, int depth) {
    int rc = 0;
    while (!rc && text.len) {
        ptrdiff_t at = bytes_find(text, BYTES("%{"));
        ptrdiff_t end = at < 0 ? -1 : bytes_find_char(bytes_slice(text, (size_t)at, text.len), '}');
        size_t n = end < 0 ? text.len : (size_t)at;
        buf_add(&x->out, bytes_slice(text, 0, n));
        if (x->out.len > MAX_LENGTH)
            return wrong(x, "becomes too long an expression", bytes_slice(text, 0, 40));
        if (end < 0)
            break;
        rc = expand_reference(x, bytes_slice(text, n + 2, n + (size_t)end), depth);
        text = bytes_slice(text, n + (size_t)end + 1, text.len);
    }
    return rc;
}

int grok_compile(struct arena *a, struct bytes format, struct bytes custom, struct grok *ret,
                 struct err *e) {
    struct expansion x = {.arena = a, .custom = custom, .grok = ret, .e = e};
    ret->count = 0;
    int rc = expand(&x, format, 0);
    if (!rc) {
        ret->regex = arena_copy(a, buf_bytes(&x.out));
        rc = buf_ok(&x.out) && !a->failed ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    buf_clear(&x.out);
    return rc;
}

struct bytes grok_group(const struct grok *g, struct bytes column) {
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < g->count; i++)
            if (g->own_name[i] == (own == 1) && bytes_eq_nocase(g->names[i], column))
                return g->groups[i];
    return BYTES("none");
}
