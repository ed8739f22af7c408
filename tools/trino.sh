#!/usr/bin/env bash
# Runs a real Trino with the Hive connector on Tarn's Glue and S3 endpoints.
#   tools/trino.sh fetch                installs it under .cache/peers/trino-435 (Maven Central, 190 MB)
#   tools/trino.sh PORT NAME=URL...     serves on PORT in the foreground; each NAME is a catalogue whose
#                                       metastore and files are the Tarn at URL
# Trino's own archive is not on every mirror, so the server is put together from what it consists of:
# trino-main with the dependencies that Trino's build declares, and the Hive plugin's archive. 435 is
# the newest release for Java 17, which Debian has.
set -euo pipefail
version=435
memory=${TRINO_MEMORY_MB:-1200} # of the heap; a query may have a quarter of it
home=$(cd "$(dirname "$0")/.." && pwd)/.cache/peers/trino-$version

need() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null && return
    echo "installing $2" >&2
    local run=()
    [ "$(id -u)" = 0 ] || run=(sudo -n)
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "$2" >/dev/null || {
        echo "$1 is missing and $2 could not be installed; install it and run this again" >&2
        exit 1
    }
}

fetch() {
    [ -e "$home/.done" ] && return
    need javac openjdk-17-jdk-headless
    need mvn maven
    need unzip unzip
    echo "fetching Trino $version" >&2
    rm -rf "$home"
    mkdir -p "$home/plugin"
    cat >"$home/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tarn</groupId><artifactId>trino-peer</artifactId><version>1</version><packaging>pom</packaging>
  <dependencyManagement><dependencies><dependency>
    <groupId>io.trino</groupId><artifactId>trino-root</artifactId><version>$version</version>
    <type>pom</type><scope>import</scope>
  </dependency></dependencies></dependencyManagement>
  <dependencies><dependency>
    <groupId>io.trino</groupId><artifactId>trino-main</artifactId><version>$version</version>
  </dependency></dependencies>
</project>
POM
    cat >"$home/Main.java" <<JAVA
public class Main {
    public static void main(String[] args) {
        new io.trino.server.Server().start("$version");
    }
}
JAVA
    (
        cd "$home"
        mvn -B -q dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$home/lib" &&
            mvn -B -q dependency:copy -Dartifact="io.trino:trino-hive:$version:zip" \
                -DoutputDirectory="$home"
    ) >"$home/fetch.log" 2>&1 || {
        echo "could not fetch Trino $version with Maven; is Maven Central reachable? See $home/fetch.log" >&2
        exit 1
    }
    unzip -q "$home/trino-hive-$version.zip" -d "$home/plugin"
    rm "$home/trino-hive-$version.zip"
    javac -cp "$home/lib/trino-main-$version.jar" -d "$home/lib" "$home/Main.java"
    touch "$home/.done"
}

write_catalog() { # FILE URL
    cat >"$1" <<EOF
connector.name=hive
hive.metastore=glue
hive.metastore.glue.region=us-east-1
hive.metastore.glue.endpoint-url=$2
hive.metastore.glue.aws-access-key=trino
hive.metastore.glue.aws-secret-key=trino
hive.security=allow-all
fs.hadoop.enabled=false
fs.native-s3.enabled=true
s3.endpoint=$2
s3.region=us-east-1
s3.path-style-access=true
s3.aws-access-key=trino
s3.aws-secret-key=trino
EOF
}

serve() { # PORT NAME=URL...
    local etc port=$1
    shift
    etc=$(mktemp -d "${TMPDIR:-/tmp}/trino.XXXXXX")
    trap 'rm -rf "$etc"' EXIT
    mkdir "$etc/catalog"
    for c in "$@"; do
        write_catalog "$etc/catalog/${c%%=*}.properties" "${c#*=}"
    done
    cat >"$etc/config.properties" <<EOF
node.environment=peer
node.id=peer
node.internal-address=127.0.0.1
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port=$port
http-server.log.enabled=false
discovery.uri=http://127.0.0.1:$port
query.max-memory=$((memory / 4))MB
query.max-memory-per-node=$((memory / 4))MB
memory.heap-headroom-per-node=$((memory / 6))MB
plugin.dir=$home/plugin
catalog.config-dir=$etc/catalog
EOF
    cd "$etc" # whatever it writes goes with it
    java -Xmx${memory}m -XX:+UseSerialGC -Djdk.attach.allowAttachSelf=true \
        -Dconfig="$etc/config.properties" -cp "$home/lib:$home/lib/*" Main &
    local java=$!
    trap 'kill -9 $java 2>/dev/null' TERM INT # it has nothing to keep, and stops slowly
    wait $java || true
}

fetch
[ "${1:-}" = fetch ] || serve "$@"
