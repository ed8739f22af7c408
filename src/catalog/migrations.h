/* migrations.h - the numbered SQL files of migrations/, compiled in; made by
 * tools/embed-migrations.sh. */
#ifndef TARN_CATALOG_MIGRATIONS_H
#define TARN_CATALOG_MIGRATIONS_H

/* Text of migration 1, 2, ...; ended by NULL. */
extern const char *const catalog_migrations[];

#endif
