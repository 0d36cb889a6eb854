#!/bin/sh
# Draws every secret of the compose file into ./secrets, once. What is there already is kept.
# The folder is for its owner only; the files can be read inside the containers, whose users differ.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

draw() { # draw FILE: 32 random bytes as hex
  if [ ! -s "secrets/$1" ]; then
    od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"secrets/$1"
    echo "drew secrets/$1"
  fi
}

write() { # write FILE TEXT
  if [ ! -s "secrets/$1" ]; then
    printf '%s' "$2" >"secrets/$1"
    echo "wrote secrets/$1"
  fi
}

draw master.key
draw internal.token
draw postgres.password
draw valkey.password
draw metrics.token
write database.url "postgres://bartizan:$(cat secrets/postgres.password)@postgres:5432/bartizan"
write redis.url "redis://:$(cat secrets/valkey.password)@valkey:6379/0"
chmod 0444 secrets/*
chmod 0700 secrets
echo "Keep a copy of secrets/master.key apart from your backups: without it they cannot be read."
