# Starts the server with what the official image takes from the environment: NEO4J_AUTH=user/password, which is
# required here, and settings as NEO4J_a_b__c=value for a.b_c.
set -eu
mkdir -p "$NEO4J_CONF" /data
for folder in data logs run import plugins; do mkdir -p "$NEO4J_HOME/$folder"; done

password=${NEO4J_AUTH:?must be user/password}
password=${password#*/}
unset NEO4J_AUTH

{
  echo server.directories.data=/data
  echo server.default_listen_address=0.0.0.0
  echo server.http.enabled=false
  echo server.https.enabled=false
  env | grep '^NEO4J_[a-z]' | sed 's/^NEO4J_//' | while IFS='=' read -r name value; do
    echo "$(echo "$name" | sed 's/__/\n/g; s/_/./g' | paste -sd _)=$value"
  done
} > "$NEO4J_CONF/neo4j.conf"

if ! [ -e /data/dbms/auth.ini ]; then
  java -cp '/opt/neo4j/lib/*' org.neo4j.cli.AdminTool dbms set-initial-password "$password"
fi
# 2025 renamed the entry point.
entry=CommunityEntryPoint
for jar in /opt/neo4j/lib/neo4j-202*.jar; do
  if [ -e "$jar" ]; then entry=Neo4jCommunity; fi
done
exec java @/opt/neo4j/jvm.options -cp '/opt/neo4j/lib/*' "org.neo4j.server.$entry" \
  --home-dir="$NEO4J_HOME" --config-dir="$NEO4J_CONF" --console-mode
