#!/bin/sh
# One user and one database for each service; nobody else may connect to it. Runs once, when the volume is new. Basket's stays empty
# unless deploy/compose/basket-on-postgres.yml is used.
set -eu
for service in members catalog inventory basket ordering payment shipping notification web; do
    password=$(printenv "$(echo "$service" | tr '[:lower:]' '[:upper:]')_STORE_PASSWORD")
    psql --quiet -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres -v name="$service" -v password="$password" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
