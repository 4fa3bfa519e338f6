#!/bin/sh
# Makes target/kafka-streams.jar, unless it is newer than all it is made of. Needs Java 17 or newer, and Maven.
set -eu
cd "$(dirname "$0")"
jar=target/kafka-streams.jar
if [ -f "$jar" ] && [ -z "$(find pom.xml src -type f -newer "$jar")" ]; then
  exit 0
fi
exec mvn --quiet --batch-mode -Dstyle.color=never clean package
