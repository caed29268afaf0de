#!/bin/sh
read -r data
printf '%s|%s|%s|%s|%s' "$#" "$FAILBACK_ITEM" "${AZURE_CLIENT_SECRET-none}" "${FAILBACK_CERTIFICATE_PASSWORD-none}" "$data"
