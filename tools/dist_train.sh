#!/usr/bin/env bash
# Train in several processes: tools/dist_train.sh CONFIG PROCESSES [flags of train.py]
# On several machines set NNODES, NODE_RANK, MASTER_ADDR and PORT as well.
set -euo pipefail
config=$1 processes=$2
exec torchrun --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$processes" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "${@:3}"
