#!/bin/sh
# Before the first start with deploy/compose/mtls.yml: has Sentry make its keys, which never leave its volume, and tells the others its
# root certificate: as DAPR_TRUST_ANCHORS in .env and as deploy/compose/certificates/ca.crt. A second run changes nothing.
set -eu
cd "$(dirname "$0")/../.."
compose() { DAPR_TRUST_ANCHORS=none docker compose -f docker-compose.yml -f deploy/compose/mtls.yml "$@"; }
mkdir -p deploy/compose/certificates
compose up --detach sentry
for attempt in $(seq 30); do
    compose cp sentry:/home/nonroot/ca.crt deploy/compose/certificates/ca.crt 2>/dev/null && break
    [ "$attempt" -lt 30 ] || { echo "Sentry has made no certificate" >&2; exit 1; }
    sleep 1
done
# It is public, and the others run as somebody else.
chmod 644 deploy/compose/certificates/ca.crt
grep -v '^DAPR_TRUST_ANCHORS=' .env > .env.new || true
printf 'DAPR_TRUST_ANCHORS="%s"\n' "$(awk '{ printf "%s\\n", $0 }' deploy/compose/certificates/ca.crt)" >> .env.new
cat .env.new > .env
rm .env.new
