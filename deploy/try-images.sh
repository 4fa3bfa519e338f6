#!/usr/bin/env bash
# Builds the image, runs it as docker-compose.yml says, and runs tests on containers: where no image can be pulled.
# Stand-ins for the images that are pulled elsewhere are made of Debian's packages and Kafka's jars, under their names.
# Needs Debian, root, make install, and: apt-get install docker.io docker-compose debootstrap maven openjdk-17-jre-headless
#
# For a machine to throw away: dockerd leaves its bridge and its rules of iptables behind, as it always does.
#
#   deploy/try-images.sh              all of it; what it finds is printed, what does not hold ends it
#   deploy/try-images.sh --keep       leaves images and Docker's folder (.cache/images) for the next time
set -euo pipefail
cd "$(dirname "$0")/.."

cache=$PWD/.cache/images
pip_conf=$(mktemp)
export DOCKER_HOST=unix://$cache/docker.sock DOCKER_BUILDKIT=1 # Debian's client has BuildKit in it
export TESTCONTAINERS_RYUK_DISABLED=true                      # its image cannot be pulled either
docker=/usr/bin/docker
kafka_version=$(sed -n 's#.*<kafka.version>\(.*\)</kafka.version>.*#\1#p' tests/servers/pom.xml)

say() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }
compose() { "${COMPOSE[@]}" --project-directory "$PWD" "$@"; }
until_true() { for _ in $(seq 600); do "$@" && return; sleep 0.2; done; echo "gave up on: $*" >&2; return 1; }

main() {
  trap clean_up EXIT
  mkdir -p "$cache"
  find_compose
  start_docker
  make_stand_ins
  build_image
  run_as_composed
  end_in_time
  run_tests_in_containers
  say 'all of it holds'
  if [[ ${1:-} != --keep ]]; then forget=yes; fi
}

# Debian's docker-compose is the one before, which does not know `name`; all else of the file is as it stands.
find_compose() {
  if docker compose version >/dev/null 2>&1; then
    COMPOSE=(docker compose)
  else
    sed /^name:/d docker-compose.yml >"$cache/compose.yml"
    COMPOSE=(docker-compose --project-name expansion-signals --file "$cache/compose.yml")
  fi
}

start_docker() {
  say 'dockerd'
  dockerd --host "$DOCKER_HOST" --data-root "$cache/docker" --exec-root "$cache/exec" --pidfile "$cache/docker.pid" \
    >"$cache/dockerd.log" 2>&1 &
  dockerd=$!
  until_true $docker version >/dev/null 2>&1 || { tail "$cache/dockerd.log" >&2; exit 1; }
}

make_stand_ins() {
  say 'stand-ins for the images of Python, Kafka and Redis'
  local mirror packages=/etc/apt/sources.list.d/debian.sources
  mirror=$(sed -n 's/^URIs: //p' "$packages" | head -n 1)
  if [[ ! -d $cache/root/usr ]]; then
    debootstrap --variant=minbase --include=ca-certificates bookworm "$cache/root" "$mirror" >"$cache/debootstrap.log"
    cp /etc/ssl/certs/ca-certificates.crt "$cache/root/etc/ssl/certs/" # whom this machine trusts
  fi
  $docker image inspect stand-in/debian >/dev/null 2>&1 \
    || tar -C "$cache/root" --exclude './var/cache/apt' --exclude './var/lib/apt/lists/*' -c . | $docker import - stand-in/debian >/dev/null

  installed stand-in/python python3 python3-venv <<<'RUN ln -s python3 /usr/bin/python'
  installed redis:8-alpine redis-server <<<'ENTRYPOINT ["sh", "-c", "exec \"$@\" --protected-mode no", "sh"]'
  $docker tag redis:8-alpine "$(image_of redis)"

  local jars=${XDG_CACHE_HOME:-$HOME/.cache}/expansion-signals/kafka-$kafka_version
  PYTHONPATH=tests .venv/bin/python -c 'from servers.kafka_jars import kafka_jars; kafka_jars()'
  mkdir -p "$cache/kafka"
  cp -u "$jars"/*.jar "$cache/kafka/"
  # For the health check of docker-compose.yml; a broker needs it not.
  [[ -f $cache/kafka/kafka-tools-$kafka_version.jar ]] || mvn --quiet --batch-mode dependency:copy \
    -Dartifact="org.apache.kafka:kafka-tools:$kafka_version" -DoutputDirectory="$cache/kafka"
  kafka_image | $docker build --quiet --network host --tag "$(image_of kafka)" --file - "$cache/kafka" >/dev/null
}

image_of() { .venv/bin/python -c "import yaml; print(yaml.safe_load(open('docker-compose.yml'))['services']['$1']['image'])"; }

# installed TAG PACKAGE... <<< further lines
installed() {
  local tag=$1
  shift
  { echo "FROM stand-in/debian"
    echo "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends $* && rm -rf /var/lib/apt/lists/*"
    cat
  } | $docker build --quiet --network host --tag "$tag" - >/dev/null
}

# As apache/kafka does: its own wrapper makes server.properties of KAFKA_... and formats the log.
kafka_image() {
  cat <<'DOCKERFILE'
FROM stand-in/debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
COPY . /opt/kafka/libs
RUN mkdir -p /opt/kafka/bin /opt/kafka/config /etc/kafka/docker /mnt/shared/config \
  && touch /etc/kafka/docker/server.properties /etc/kafka/docker/log4j2.yaml /etc/kafka/docker/tools-log4j2.yaml \
  && printf '%s\n' '#!/bin/sh' 'exec java -cp "/opt/kafka/libs/*" org.apache.kafka.tools.BrokerApiVersionsCommand "$@"' \
     > /opt/kafka/bin/kafka-broker-api-versions.sh \
  && printf '%s\n' '#!/bin/sh' \
     'java -cp "/opt/kafka/libs/*" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \' \
     '  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config >/tmp/setup 2>&1 \' \
     '  || grep -qi "already formatted" /tmp/setup || { cat /tmp/setup; exit 1; }' \
     'exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -cp "/opt/kafka/libs/*" kafka.Kafka /opt/kafka/config/server.properties' > /run.sh \
  && chmod +x /run.sh /opt/kafka/bin/kafka-broker-api-versions.sh
ENV CLUSTER_ID=5L6g3nShT-eMCtK--X86sw
CMD ["/run.sh"]
DOCKERFILE
}

build_image() {
  say 'the image'
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\ntimeout = 180\n' >"$pip_conf"
  $docker build --quiet --network host --build-arg BASE=stand-in/python --secret "id=pip,src=$pip_conf" \
    --file deploy/Dockerfile --tag expansion-signals:local . >/dev/null
  $docker image ls --filter dangling=false --format '{{.Repository}}:{{.Tag}} {{.Size}}' | sort
  $docker history --format '{{.Size}} {{.CreatedBy}}' expansion-signals:local | head -n 8 # what is not of the base
}

run_as_composed() {
  say 'docker compose up'
  local began=$SECONDS
  compose up --detach
  until_true ready || { compose logs --tail 20 worker; exit 1; }
  echo "ready $((SECONDS - began)) s after 'up'"
  say 'what it takes, and what it may'
  $docker stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.CPUPerc}}'
  may_not_write
  inside doctor # warns of the single broker, and ends with 0
  say 'an event, and its trigger'
  inside watch --from-beginning >"$cache/watched" &
  inside emit acct-1 --type expansion.account.updated.v1 --data '{"version": 1, "plan": "free"}'
  inside emit acct-1 --meter api_calls --value 800 --user u-42
  until_true grep '800 of 1,000 calls used (80 %)' "$cache/watched"
}

inside() { compose exec -T worker expansion-signals "$@" </dev/null; }
ready() { [[ $(curl -s -o /dev/null -w '%{http_code}' localhost:8080/readyz) == 200 ]]; }
may_not_write() {
  compose exec -T worker sh -c 'id; ! touch /app/a 2>/dev/null && grep -E "CapEff|Seccomp:" /proc/1/status' </dev/null
}

end_in_time() {
  say 'SIGTERM'
  local began=$SECONDS
  compose stop worker
  local code
  code=$($docker inspect --format '{{.State.ExitCode}}' "$(compose ps -aq worker)")
  echo "ended after $((SECONDS - began)) s with $code"
  ((SECONDS - began <= 12)) && ((code == 0))
  compose down --volumes
}

run_tests_in_containers() {
  say 'tests on containers'
  env -u EXPANSION_SIGNALS_TEST_KAFKA -u EXPANSION_SIGNALS_TEST_REDIS PYTHONPATH=src .venv/bin/python -m pytest -q \
    tests/integration/test_servers.py tests/end_to_end/test_from_event_to_trigger.py
}

clean_up() {
  compose down --volumes >/dev/null 2>&1 || true
  rm -f "$pip_conf"
  if [[ -n ${dockerd:-} ]]; then kill "$dockerd" && wait "$dockerd" || true; fi
  if [[ -n ${forget:-} ]]; then rm -rf "$cache"; fi
}

main "$@"
