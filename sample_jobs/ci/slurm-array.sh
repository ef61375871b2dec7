#!/bin/bash
# Slurm: an array of four tasks; `--shard auto` reads the array's numbers. Submit with: sbatch slurm-array.sh
#SBATCH --job-name=videos
#SBATCH --array=1-4
#SBATCH --time=02:30:00
#SBATCH --output=videos-%A-%a.log
set -euo pipefail

export KIRIN_STATE_DIR="$PWD/state/$SLURM_ARRAY_TASK_ID"   # a ledger for each task: no file is shared over NFS
kirin run jobs.yaml --output renders --shard auto \
  --report json="results/shard-$SLURM_ARRAY_TASK_ID.json"
# When the array has ended: kirin report --merge results --report html=gallery.html
