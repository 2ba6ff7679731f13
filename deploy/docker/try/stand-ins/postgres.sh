# What the official image of PostgreSQL does with its variables, as far as docker-compose.yml uses them.
set -eu
chown postgres "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > /tmp/password
  chown postgres /tmp/password
  gosu postgres initdb -D "$PGDATA" -U "$POSTGRES_USER" -A scram-sha-256 --pwfile=/tmp/password
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  gosu postgres pg_ctl -D "$PGDATA" -o '-c listen_addresses= -k /tmp' -w start
  export PGHOST=/tmp PGUSER=$POSTGRES_USER PGPASSWORD=$POSTGRES_PASSWORD
  psql -d postgres -c "create database \"$POSTGRES_DB\""
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -e "$file" ] || psql -v ON_ERROR_STOP=1 -d "$POSTGRES_DB" -f "$file"
  done
  gosu postgres pg_ctl -D "$PGDATA" -w stop
fi
exec gosu postgres postgres -D "$PGDATA" -c listen_addresses='*' -k /tmp
