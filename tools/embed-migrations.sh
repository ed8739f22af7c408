#!/usr/bin/env bash
# Writes a C file with the text of each migration given, in order, ended by NULL.
set -euo pipefail
echo '#include "catalog/migrations.h"'
echo 'const char *const catalog_migrations[] = {'
for f in "$@"; do
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' "$f"
    echo ','
done
echo '((const char *)0)};'
