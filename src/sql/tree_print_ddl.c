/* tree_print_ddl.c - DDL as canonical Hive text: names in backticks, clauses in Hive's order, the
 * SerDe and formats by class name. */
#include "sql/tree_int.h"

/* Hive's string with backslash escapes; control characters in octal. */
static void print_string(struct bytes text, struct buf *out) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\'' || c == '\\')
            buf_add_fmt(out, "\\%c", c);
        else if (c < 0x20)
            buf_add_fmt(out, "\\%03o", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '\'');
}

static void print_name(struct bytes name, struct buf *out) {
    buf_add_char(out, '`');
    for (size_t i = 0; i < name.len; i++) {
        buf_add_char(out, name.ptr[i]);
        if (name.ptr[i] == '`')
            buf_add_char(out, '`');
    }
    buf_add_char(out, '`');
}

static void print_table_name(const struct sql_ddl *d, struct buf *out) {
    if (d->name.database.len) {
        print_name(d->name.database, out);
        buf_add_char(out, '.');
    }
    print_name(d->name.table, out);
}

static void print_clause(const char *words, struct bytes text, struct buf *out) {
    if (!text.ptr)
        return;
    buf_add_str(out, words);
    print_string(text, out);
}

static void print_columns(const struct sql_column_def *columns, size_t count, struct buf *out) {
    buf_add_char(out, '(');
    for (size_t i = 0; i < count; i++) {
        tree_print_comma(i, out);
        print_name(columns[i].name, out);
        buf_add_fmt(out, " %.*s", BYTES_ARG(columns[i].type_text));
        print_clause(" COMMENT ", columns[i].comment, out);
    }
    buf_add_char(out, ')');
}

static void print_properties(const char *words, const struct sql_property *list, size_t count,
                             struct buf *out) {
    for (size_t i = 0; i < count; i++) {
        buf_add_str(out, i ? ", " : words);
        print_string(list[i].key, out);
        buf_add_str(out, " = ");
        print_string(list[i].value, out);
    }
    if (count)
        buf_add_char(out, ')');
}

static void print_buckets(const struct sql_ddl *d, struct buf *out) {
    if (!d->bucket_column_count)
        return;
    for (size_t i = 0; i < d->bucket_column_count; i++) {
        buf_add_str(out, i ? ", " : " CLUSTERED BY (");
        print_name(d->bucket_columns[i], out);
    }
    buf_add_char(out, ')');
    for (size_t i = 0; i < d->sort_column_count; i++) {
        buf_add_str(out, i ? ", " : " SORTED BY (");
        print_name(d->sort_columns[i].name, out);
        buf_add_str(out, d->sort_columns[i].descending ? " DESC" : "");
    }
    buf_add_str(out, d->sort_column_count ? ")" : "");
    buf_add_fmt(out, " INTO %lld BUCKETS", (long long)d->bucket_count);
}

/* bucket(16, `id`) */
static void print_transform(size_t index, const struct sql_transform *t, struct buf *out) {
    buf_add_str(out, index ? ", " : " PARTITIONED BY (");
    if (t->name.len) {
        print_name(t->name, out);
        buf_add_char(out, '(');
    }
    if (t->name.len && t->argument)
        buf_add_fmt(out, "%lld, ", (long long)t->argument);
    print_name(t->column, out);
    buf_add_str(out, t->name.len ? ")" : "");
}

static void print_create_table(const struct sql_ddl *d, struct buf *out) {
    buf_add_str(out, d->external ? "CREATE EXTERNAL TABLE " : "CREATE TABLE ");
    buf_add_str(out, d->if_not_exists ? "IF NOT EXISTS " : "");
    print_table_name(d, out);
    if (d->column_count) {
        buf_add_char(out, ' ');
        print_columns(d->columns, d->column_count, out);
    }
    print_clause(" COMMENT ", d->comment, out);
    if (d->partition_column_count) {
        buf_add_str(out, " PARTITIONED BY ");
        print_columns(d->partition_columns, d->partition_column_count, out);
    }
    for (size_t i = 0; i < d->transform_count; i++)
        print_transform(i, &d->transforms[i], out);
    buf_add_str(out, d->transform_count ? ")" : "");
    print_buckets(d, out);
    print_clause(" ROW FORMAT SERDE ", d->serde_class, out);
    print_properties(" WITH SERDEPROPERTIES (", d->serde_properties, d->serde_property_count, out);
    print_clause(" STORED AS INPUTFORMAT ", d->input_format, out);
    print_clause(" OUTPUTFORMAT ", d->output_format, out);
    print_clause(" LOCATION ", d->location, out);
    print_properties(" TBLPROPERTIES (", d->table_properties, d->table_property_count, out);
}

static void print_create_database(const struct sql_ddl *d, struct buf *out) {
    buf_add_str(out, d->if_not_exists ? "CREATE DATABASE IF NOT EXISTS " : "CREATE DATABASE ");
    print_name(d->name.database, out);
    print_clause(" COMMENT ", d->comment, out);
    print_clause(" LOCATION ", d->location, out);
    print_properties(" WITH DBPROPERTIES (", d->table_properties, d->table_property_count, out);
}

static void print_show_tables(const char *words, const struct sql_ddl *d, struct buf *out) {
    buf_add_str(out, words);
    if (d->name.database.len) {
        buf_add_str(out, " IN ");
        print_name(d->name.database, out);
    }
    print_clause(" ", d->like_pattern, out);
}

static void print_drop(const char *what, const struct sql_ddl *d, struct buf *out) {
    buf_add_fmt(out, "DROP %s %s", what, d->if_exists ? "IF EXISTS " : "");
    if (d->name.table.len)
        print_table_name(d, out);
    else
        print_name(d->name.database, out);
    buf_add_str(out, d->cascade ? " CASCADE" : "");
}

static void print_about_table(const char *words, const struct sql_ddl *d, struct buf *out) {
    buf_add_str(out, words);
    print_table_name(d, out);
}

static void print_partition(const struct sql_partition_spec *p, struct buf *out) {
    buf_add_str(out, "PARTITION (");
    for (size_t i = 0; i < p->value_count; i++) {
        tree_print_comma(i, out);
        print_name(p->values[i].key, out);
        buf_add_str(out, " = ");
        print_string(p->values[i].value, out);
    }
    buf_add_char(out, ')');
    print_clause(" LOCATION ", p->location, out);
}

/* ALTER TABLE t [PARTITION (..)] words */
static void print_alter(const struct sql_ddl *d, const char *words, struct buf *out) {
    buf_add_str(out, "ALTER TABLE ");
    print_table_name(d, out);
    if (d->partition_count) {
        buf_add_char(out, ' ');
        print_partition(&d->partitions[0], out);
    }
    buf_add_str(out, words);
}

static void print_partitions(const struct sql_ddl *d, bool add, struct buf *out) {
    print_about_table("ALTER TABLE ", d, out);
    buf_add_str(out, add ? " ADD " : " DROP ");
    buf_add_str(out, d->if_not_exists ? "IF NOT EXISTS " : d->if_exists ? "IF EXISTS " : "");
    for (size_t i = 0; i < d->partition_count; i++) {
        buf_add_str(out, i == 0 ? "" : add ? " " : ", ");
        print_partition(&d->partitions[i], out);
    }
}

static void print_change(const struct sql_ddl *d, struct buf *out) {
    const struct sql_column_def *c = &d->columns[0];
    print_alter(d, " CHANGE COLUMN ", out);
    print_name(d->column, out);
    buf_add_char(out, ' ');
    print_name(c->name, out);
    buf_add_fmt(out, " %.*s", BYTES_ARG(c->type_text));
    print_clause(" COMMENT ", c->comment, out);
    buf_add_str(out, d->first ? " FIRST" : d->after.ptr ? " AFTER " : "");
    if (d->after.ptr)
        print_name(d->after, out);
}

static void print_unset(const struct sql_ddl *d, struct buf *out) {
    print_alter(d, d->if_exists ? " UNSET TBLPROPERTIES IF EXISTS (" : " UNSET TBLPROPERTIES (",
                out);
    for (size_t i = 0; i < d->table_property_count; i++) {
        tree_print_comma(i, out);
        print_string(d->table_properties[i].key, out);
    }
    buf_add_char(out, ')');
}

static void print_rename_table(const struct sql_ddl *d, struct buf *out) {
    print_alter(d, " RENAME TO ", out);
    if (d->new_name.database.len) {
        print_name(d->new_name.database, out);
        buf_add_char(out, '.');
    }
    print_name(d->new_name.table, out);
}

static void print_alter_table(enum sql_kind kind, const struct sql_ddl *d, struct buf *out) {
    switch (kind) {
    case SQL_ADD_PARTITION:
    case SQL_DROP_PARTITION:
        print_partitions(d, kind == SQL_ADD_PARTITION, out);
        break;
    case SQL_RENAME_PARTITION:
        print_alter(d, " RENAME TO ", out);
        print_partition(&d->partitions[1], out);
        break;
    case SQL_ADD_COLUMNS:
    case SQL_REPLACE_COLUMNS:
        print_alter(d, kind == SQL_ADD_COLUMNS ? " ADD COLUMNS " : " REPLACE COLUMNS ", out);
        print_columns(d->columns, d->column_count, out);
        break;
    case SQL_CHANGE_COLUMN:
        print_change(d, out);
        break;
    case SQL_SET_LOCATION:
        print_alter(d, " SET", out);
        print_clause(" LOCATION ", d->location, out);
        break;
    case SQL_SET_PROPERTIES:
        print_alter(d, " SET", out);
        print_properties(" TBLPROPERTIES (", d->table_properties, d->table_property_count, out);
        break;
    case SQL_UNSET_PROPERTIES:
        print_unset(d, out);
        break;
    case SQL_RENAME_TABLE:
        print_rename_table(d, out);
        break;
    default:
        print_alter(d, " DROP COLUMN ", out);
        print_name(d->column, out);
    }
}

static void print_show_properties(const struct sql_ddl *d, struct buf *out) {
    print_about_table("SHOW TBLPROPERTIES ", d, out);
    print_clause(" (", d->property, out);
    buf_add_str(out, d->property.ptr ? ")" : "");
}

static bool is_step(struct bytes part) {
    return bytes_eq_str(part, "$elem$") || bytes_eq_str(part, "$key$") ||
           bytes_eq_str(part, "$value$");
}

static void print_describe(const struct sql_ddl *d, struct buf *out) {
    print_about_table(d->extended    ? "DESCRIBE EXTENDED "
                      : d->formatted ? "DESCRIBE FORMATTED "
                                     : "DESCRIBE ",
                      d, out);
    if (d->partition_count) {
        buf_add_char(out, ' ');
        print_partition(&d->partitions[0], out);
    }
    for (size_t i = 0; i < d->path_count; i++) {
        buf_add_char(out, i ? '.' : ' ');
        if (i && is_step(d->path[i]))
            print_string(d->path[i], out);
        else
            print_name(d->path[i], out);
    }
}

void tree_print_ddl(const struct sql_statement *s, struct buf *out) {
    const struct sql_ddl *d = &s->ddl;
    switch (s->kind) {
    case SQL_CREATE_DATABASE:
        print_create_database(d, out);
        break;
    case SQL_DROP_DATABASE:
        print_drop("DATABASE", d, out);
        break;
    case SQL_CREATE_TABLE:
        print_create_table(d, out);
        break;
    case SQL_DROP_TABLE:
        print_drop("TABLE", d, out);
        break;
    case SQL_ALTER_DATABASE:
        buf_add_str(out, "ALTER DATABASE ");
        print_name(d->name.database, out);
        print_properties(" SET DBPROPERTIES (", d->table_properties, d->table_property_count, out);
        break;
    case SQL_ADD_PARTITION:
    case SQL_DROP_PARTITION:
    case SQL_RENAME_PARTITION:
    case SQL_ADD_COLUMNS:
    case SQL_REPLACE_COLUMNS:
    case SQL_CHANGE_COLUMN:
    case SQL_SET_LOCATION:
    case SQL_SET_PROPERTIES:
    case SQL_UNSET_PROPERTIES:
    case SQL_RENAME_TABLE:
    case SQL_DROP_COLUMN:
        print_alter_table(s->kind, d, out);
        break;
    case SQL_REPAIR_TABLE:
        print_about_table("MSCK REPAIR TABLE ", d, out);
        break;
    case SQL_SHOW_DATABASES:
        buf_add_str(out, "SHOW DATABASES");
        print_clause(" LIKE ", d->like_pattern, out);
        break;
    case SQL_SHOW_TABLES:
        print_show_tables("SHOW TABLES", d, out);
        break;
    case SQL_SHOW_VIEWS:
        print_show_tables("SHOW VIEWS", d, out);
        break;
    case SQL_SHOW_PARTITIONS:
        print_about_table("SHOW PARTITIONS ", d, out);
        break;
    case SQL_SHOW_COLUMNS:
        print_about_table("SHOW COLUMNS IN ", d, out);
        break;
    case SQL_SHOW_CREATE_TABLE:
        print_about_table("SHOW CREATE TABLE ", d, out);
        break;
    case SQL_SHOW_PROPERTIES:
        print_show_properties(d, out);
        break;
    case SQL_DESCRIBE:
        print_describe(d, out);
        break;
    default: /* tree_print_dml.c */
        break;
    }
}
