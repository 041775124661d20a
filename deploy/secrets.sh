#!/bin/sh
# Make every secret that we make ourselves, and put samples of those that others hand out beside
# them. What is there already is left as it is: run it as often as you like.
#   sh deploy/secrets.sh [folder]        default: deploy/secrets
# The folder is for its owner alone. The files in it are readable, because a container that runs as
# another user gets each of them as a file of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-"$here/secrets"}
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"

keep() { # keep NAME: standard input becomes the file, unless it is there
    [ -e "$1" ] || { cat >"$1.new" && chmod 0444 "$1.new" && mv "$1.new" "$1" && echo "made $1"; }
}
word() { openssl rand -hex 24; }
key() { openssl rand -base64 32; }
token_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null; }

word | keep postgres_password
word | keep owner_password
word | keep application_password
word | keep valkey_password
key | keep kek
key | keep presentation_keys
openssl genpkey -algorithm ed25519 | keep audit_anchor_key
token_key | keep resident_token_keys
token_key | keep verifier_token_keys
token_key | keep machine_token_keys
token_key | keep licence_keys

echo "asyncpg://zhangban_owner:$(cat owner_password)@postgres:5432/zhangban" | keep owner_database_url
echo "asyncpg://zhangban_app:$(cat application_password)@postgres:5432/zhangban" | keep database_url
echo "redis://:$(cat valkey_password)@valkey:6379/0" | keep valkey_url
keep valkey.conf <<CONF
bind 0.0.0.0
requirepass $(cat valkey_password)
save ""
appendonly no
maxmemory 256mb
maxmemory-policy volatile-lru
CONF

for sample in "$here"/platforms.example/*.json; do
    keep "$(basename "$sample")" <"$sample"
done
for name in tls_certificate.pem tls_key.pem; do
    [ -e "$name" ] || echo "put the proxy's certificate here: $folder/$name"
done
