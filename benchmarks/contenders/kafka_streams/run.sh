#!/bin/sh
# Runs until SIGTERM. Set-up is in the environment: BENCH_KAFKA, BENCH_PREFIX, BENCH_LIMITS, BENCH_STATE.
# One stream thread does all the work: a parallel collector has few cores to win and would only make pauses of it.
exec java -Xms256m -Xmx1g -XX:+UseSerialGC -jar "$(dirname "$0")/target/kafka-streams.jar"
