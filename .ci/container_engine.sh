# Gives live tests a Docker API where none answers: on Debian, as root, by podman, with a Neo4j image made on the spot,
# as no registry of images may be reached. Sourced by `run`, after .venv is there. Where it cannot be had,
# the tests start Neo4j as a local process. Nothing outside a temporary folder is written but Debian's packages.

engine_folder=
engine_process=

start_container_engine() {
  local reason
  if docker_api_answers; then
    say "a Docker API answers already"
  elif reason=$(why_no_engine); then
    say "none: $reason. Live tests start Neo4j as a local process."
  elif make_engine; then
    export DOCKER_HOST="unix://$engine_folder/podman.sock"
    export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
    export FACTLOOM_TEST_NEO4J_IMAGE="$(neo4j_image)"
    say "podman serves, with $FACTLOOM_TEST_NEO4J_IMAGE"
  else
    say "it could not be set up (see above). Live tests start Neo4j as a local process."
    stop_container_engine
  fi
}

stop_container_engine() {
  if [ -n "$engine_process" ]; then
    run_podman rm --all --force --time 0 > /dev/null 2>&1 || true
    kill "$engine_process" 2> /dev/null || true
    wait "$engine_process" 2> /dev/null || true
    engine_process=
  fi
  if [ -n "$engine_folder" ]; then
    umount "$engine_folder/storage/overlay" 2> /dev/null || true
    rm -rf "$engine_folder"
    engine_folder=
  fi
}

say() {
  echo "container engine: $*"
}

# The tests' own question, so that both always agree. A docker program without a daemon does not count.
docker_api_answers() {
  .venv/bin/python -c 'import sys; from tests.live.containers import engine_answers; sys.exit(not engine_answers())'
}

# Prints why none can be made here; fails if one can.
why_no_engine() {
  if [ "$(id -u)" != 0 ]; then
    echo "no Docker API answers, and making one needs root"
  elif ! grep -qs '^ID=debian' /etc/os-release; then
    echo "no Docker API answers, and making one needs Debian"
  else
    return 1
  fi
}

neo4j_version() {
  echo "${FACTLOOM_TEST_NEO4J_VERSION:-5.26.20}"
}

neo4j_image() {
  echo "localhost/factloom-neo4j:$(neo4j_version)"
}

# Called as a condition, where `set -e` is off: every step says itself whether it worked.
make_engine() {
  engine_folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" factloom-engine-XXXXXX) &&
    install_packages && write_configuration && build_image && start_service
}

install_packages() {
  local missing=() program
  for program in podman runc mmdebstrap mvn; do
    command -v "$program" > /dev/null || missing+=("${program/#mvn/maven}")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}"; } > "$engine_folder/apt.log" 2>&1 ||
    { tail -5 "$engine_folder/apt.log"; return 1; }
}

# Podman's defaults ask for more open files and for other control groups than a machine of CI, itself often a container,
# is allowed; crun refuses the control groups that runc takes.
write_configuration() {
  cat > "$engine_folder/containers.conf" << 'CONF' &&
[containers]
cgroups = "enabled"
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
CONF
    cat > "$engine_folder/storage.conf" << CONF
[storage]
driver = "overlay"
graphroot = "$engine_folder/storage"
runroot = "$engine_folder/run"
CONF
}

run_podman() {
  (become_podman "$@")
}

# In the background its process id is podman's own, which can then be ended.
become_podman() {
  export CONTAINERS_CONF="$engine_folder/containers.conf" CONTAINERS_STORAGE_CONF="$engine_folder/storage.conf"
  exec podman "$@"
}

# A minimal Debian with Java, and Neo4j's jars. Neo4j 5 runs on the Java 17 of bookworm, later ones on trixie's 21.
build_image() {
  local context="$engine_folder/context" suite=bookworm java=openjdk-17-jre-headless jars
  case "$(neo4j_version)" in 5.*) ;; *) suite=trixie java=openjdk-21-jre-headless ;; esac
  say "building $(neo4j_image)"
  jars=$(.venv/bin/python -m scripts.neo4j_server --version "$(neo4j_version)" --jars) &&
    mkdir "$context" && cp -r "$jars" "$context/lib" &&
    cp .ci/neo4j_image/* scripts/neo4j_server/jvm.options "$context" &&
    mmdebstrap --quiet --variant=minbase --include="$java" "$suite" "$context/base.tar" &&
    run_podman build --quiet --tag "$(neo4j_image)" "$context" > /dev/null &&
    rm -r "$context"
}

start_service() {
  local attempt
  become_podman system service --time=0 "unix://$engine_folder/podman.sock" > "$engine_folder/service.log" 2>&1 &
  engine_process=$!
  for attempt in $(seq 40); do
    DOCKER_HOST="unix://$engine_folder/podman.sock" docker_api_answers && return
    sleep 0.5
  done
  tail -5 "$engine_folder/service.log"
  return 1
}
