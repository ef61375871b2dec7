# bash completion for kirin, made by `kirin completion bash`: no Python runs when TAB is pressed.
# Load it with `source kirin.bash`, or save it as ~/.local/share/bash-completion/completions/kirin.

# What can follow flag $2, or stand as argument number $2, of command $1: sets words, or the kind of files.
# Sets the command's flags too. Fails where nothing follows.
_kirin_about() {
  words='' files='' flags=''
  case $1 in
    '')
      flags='--version --help'
      case $2 in
        *) return 1 ;;
      esac
      ;;
    v1-t2v | kirin_v1_t2v)
      flags='--prompt --negative-prompt --duration --aspect-ratio --mode --cfg-scale --camera --camera-type --camera-horizontal --camera-vertical --camera-pan --camera-tilt --camera-roll --camera-zoom --watermark --no-watermark --callback-url --external-task-id --prompt-file --file --allow-env --output --force --param --count --wait --no-wait --timeout --max-cost --assume-cost --again --strict --check-urls --dry-run --full --to-yaml --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --prompt | --negative-prompt | --cfg-scale | --camera | --camera-horizontal | --camera-vertical | --camera-pan | --camera-tilt | --camera-roll | --camera-zoom | --callback-url | --external-task-id | --allow-env | --param | --count | --timeout | --max-cost | --assume-cost | --profile | --base-url | --report | --format) ;;
        --duration) words='5 10' ;;
        --aspect-ratio) words='16:9 9:16 1:1' ;;
        --mode) words='std pro' ;;
        --camera-type) words='simple down_back forward_up right_turn_forward left_turn_forward' ;;
        --prompt-file | --file | -f | --output | -o | --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    v1-5-i2v | kirin_v1_5_i2v)
      flags='--prompt --image --image-tail --negative-prompt --duration --mode --cfg-scale --seed --camera --camera-type --camera-horizontal --camera-vertical --camera-pan --camera-tilt --camera-roll --camera-zoom --static-mask --dynamic-mask --watermark --no-watermark --callback-url --external-task-id --prompt-file --file --allow-env --output --force --param --count --wait --no-wait --timeout --max-cost --assume-cost --again --strict --check-urls --dry-run --full --to-yaml --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --prompt | --negative-prompt | --cfg-scale | --seed | --camera | --camera-horizontal | --camera-vertical | --camera-pan | --camera-tilt | --camera-roll | --camera-zoom | --callback-url | --external-task-id | --allow-env | --param | --count | --timeout | --max-cost | --assume-cost | --profile | --base-url | --report | --format) ;;
        --image | -i | --image-tail | --static-mask | --dynamic-mask) files=image ;;
        --duration) words='5 10' ;;
        --mode) words='std pro' ;;
        --camera-type) words='simple' ;;
        --prompt-file | --file | -f | --output | -o | --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    v1-6-multi-i2v | kirin_v1_6_multi_i2v)
      flags='--prompt --image --negative-prompt --duration --aspect-ratio --mode --watermark --no-watermark --callback-url --external-task-id --prompt-file --file --allow-env --output --force --param --count --wait --no-wait --timeout --max-cost --assume-cost --again --strict --check-urls --dry-run --full --to-yaml --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --prompt | --negative-prompt | --callback-url | --external-task-id | --allow-env | --param | --count | --timeout | --max-cost | --assume-cost | --profile | --base-url | --report | --format) ;;
        --image | -i) files=image ;;
        --duration) words='5 10' ;;
        --aspect-ratio) words='16:9 9:16 1:1' ;;
        --mode) words='std pro' ;;
        --prompt-file | --file | -f | --output | -o | --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    motion-control | kirin_motion_control)
      flags='--prompt --image --video --character-orientation --mode --keep-original-sound --no-keep-original-sound --callback-url --external-task-id --prompt-file --file --allow-env --output --force --param --count --wait --no-wait --timeout --max-cost --assume-cost --again --strict --check-urls --dry-run --full --to-yaml --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --prompt | --video | --callback-url | --external-task-id | --allow-env | --param | --count | --timeout | --max-cost | --assume-cost | --profile | --base-url | --report | --format) ;;
        --image | -i) files=image ;;
        --character-orientation) words='image video' ;;
        --mode) words='std pro' ;;
        --prompt-file | --file | -f | --output | -o | --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    video-o1 | kirin_video_o1)
      flags='--prompt --duration --aspect-ratio --mode --first-frame --end-frame --image --video --video-refer-type --keep-original-sound --no-keep-original-sound --element --watermark --no-watermark --callback-url --external-task-id --prompt-file --file --allow-env --output --force --param --count --wait --no-wait --timeout --max-cost --assume-cost --again --strict --check-urls --dry-run --full --to-yaml --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --prompt | --video | --element | --callback-url | --external-task-id | --allow-env | --param | --count | --timeout | --max-cost | --assume-cost | --profile | --base-url | --report | --format) ;;
        --duration) words='3 4 5 6 7 8 9 10' ;;
        --aspect-ratio) words='16:9 9:16 1:1' ;;
        --mode) words='std pro' ;;
        --first-frame | --end-frame | --image | -i) files=image ;;
        --video-refer-type) words='feature base' ;;
        --prompt-file | --file | -f | --output | -o | --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    again)
      flags='--prompt --negative-prompt --duration --aspect-ratio --mode --cfg-scale --camera --camera-type --camera-horizontal --camera-vertical --camera-pan --camera-tilt --camera-roll --camera-zoom --watermark --no-watermark --callback-url --external-task-id --image --image-tail --seed --static-mask --dynamic-mask --video --character-orientation --keep-original-sound --no-keep-original-sound --first-frame --end-frame --video-refer-type --element --prompt-file --allow-env --output --force --param --count --wait --no-wait --timeout --max-cost --assume-cost --again --strict --check-urls --dry-run --full --to-yaml --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --prompt | --negative-prompt | --duration | --aspect-ratio | --cfg-scale | --camera | --camera-horizontal | --camera-vertical | --camera-pan | --camera-tilt | --camera-roll | --camera-zoom | --callback-url | --seed | --dynamic-mask | --video | --allow-env | --param | --count | --timeout | --max-cost | --assume-cost | --profile | --base-url | --report | --format) ;;
        --mode) words='std pro' ;;
        --camera-type) words='simple down_back forward_up right_turn_forward left_turn_forward' ;;
        --external-task-id | --element) files=task ;;
        --image | -i | --image-tail | --static-mask | --first-frame | --end-frame) files=image ;;
        --character-orientation) words='image video' ;;
        --video-refer-type) words='feature base' ;;
        --prompt-file | --output | -o | --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        1) files=task ;;
        *) return 1 ;;
      esac
      ;;
    run)
      flags='--set --allow-env --only --skip --tag --max-jobs --output --jobs --timeout --wait --no-wait --max-cost --assume-cost --again --retry-failed --force --scope --shard --strict --check-urls --sandbox --profile --base-url --api-key-file --report --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --set | --allow-env | --only | --skip | --tag | --max-jobs | --jobs | -j | --timeout | --max-cost | --assume-cost | --scope | --shard | --profile | --base-url | --report | --format) ;;
        --output | -o) files=folder ;;
        --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        [0-9]*) files=job-file ;;
        *) return 1 ;;
      esac
      ;;
    validate)
      flags='--set --allow-env --only --skip --tag --max-jobs --strict --check-urls --report --json --quiet --color --help'
      case $2 in
        --set | --allow-env | --only | --skip | --tag | --max-jobs | --report) ;;
        --color) words='auto always never' ;;
        [0-9]*) files=job-file ;;
        *) return 1 ;;
      esac
      ;;
    plan)
      flags='--set --allow-env --only --skip --tag --max-jobs --output --again --retry-failed --force --scope --shard --jobs --strict --assume-cost --profile --base-url --detailed-exitcode --report --json --color --help'
      case $2 in
        --set | --allow-env | --only | --skip | --tag | --max-jobs | --scope | --shard | --jobs | -j | --assume-cost | --profile | --base-url | --report) ;;
        --output | -o) files=folder ;;
        --color) words='auto always never' ;;
        [0-9]*) files=job-file ;;
        *) return 1 ;;
      esac
      ;;
    report)
      flags='--report --merge --json --quiet --color --help'
      case $2 in
        --report) ;;
        --merge) files=folder ;;
        --color) words='auto always never' ;;
        [0-9]*) files=file ;;
        *) return 1 ;;
      esac
      ;;
    init)
      flags='--output --force --color --help'
      case $2 in
        --output | -o) files=file ;;
        --color) words='auto always never' ;;
        1) words='v1-t2v v1-5-i2v v1-6-multi-i2v motion-control video-o1 kirin_v1_t2v kirin_v1_5_i2v kirin_v1_6_multi_i2v kirin_motion_control kirin_video_o1 quickstart' ;;
        *) return 1 ;;
      esac
      ;;
    schema)
      flags='--help'
      case $2 in
        *) return 1 ;;
      esac
      ;;
    list)
      flags='--state --model --file --since --limit --all --refresh --watch --all-services --profile --base-url --json --jsonl --format --color --help'
      case $2 in
        --state | --model | --since | --limit | -n | --profile | --base-url | --format) ;;
        --file) files=file ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    show)
      flags='--profile --json --raw --to-yaml --preview --color --help'
      case $2 in
        --profile) ;;
        --color) words='auto always never' ;;
        1) files=task ;;
        *) return 1 ;;
      esac
      ;;
    open)
      flags='--profile --color --help'
      case $2 in
        --profile) ;;
        --color) words='auto always never' ;;
        1) files=task ;;
        *) return 1 ;;
      esac
      ;;
    wait)
      flags='--output --force --timeout --profile --base-url --api-key-file --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --output | -o | --api-key-file) files=file ;;
        --timeout | --profile | --base-url | --format) ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        [0-9]*) files=task ;;
        *) return 1 ;;
      esac
      ;;
    download)
      flags='--output --force --timeout --profile --base-url --api-key-file --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --output | -o | --api-key-file) files=file ;;
        --timeout | --profile | --base-url | --format) ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        [0-9]*) files=task ;;
        *) return 1 ;;
      esac
      ;;
    resume)
      flags='--jobs --timeout --profile --base-url --api-key-file --json --jsonl --format --preview --open --notify --quiet --verbose --progress --color --help'
      case $2 in
        --jobs | -j | --timeout | --profile | --base-url | --format) ;;
        --api-key-file) files=file ;;
        --progress) words='auto tty plain json quiet' ;;
        --color) words='auto always never' ;;
        [0-9]*) files=task ;;
        *) return 1 ;;
      esac
      ;;
    resolve)
      flags='--adopt --resend --abandon --profile --base-url --verbose --color --help'
      case $2 in
        --adopt | --profile | --base-url) ;;
        --color) words='auto always never' ;;
        1) files=task ;;
        *) return 1 ;;
      esac
      ;;
    usage)
      flags='--by --since --all-services --profile --base-url --json --jsonl --format --csv --color --help'
      case $2 in
        --by) words='model day month file service' ;;
        --since | --profile | --base-url | --format) ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    models)
      flags='--user --force --profile --base-url --json --color --help'
      case $2 in
        --profile | --base-url) ;;
        --color) words='auto always never' ;;
        1) words='add diff remove search v1-t2v v1-5-i2v v1-6-multi-i2v motion-control video-o1 kirin_v1_t2v kirin_v1_5_i2v kirin_v1_6_multi_i2v kirin_motion_control kirin_video_o1' ;;
        *) return 1 ;;
      esac
      ;;
    auth)
      flags='--offline --profile --base-url --api-key-file --json --verbose --color --help'
      case $2 in
        --profile | --base-url) ;;
        --api-key-file) files=file ;;
        --color) words='auto always never' ;;
        1) words='login status logout' ;;
        *) return 1 ;;
      esac
      ;;
    config)
      flags='--profile --json --color --help'
      case $2 in
        --profile) ;;
        --color) words='auto always never' ;;
        1) words='set' ;;
        2) words='api_key_file base_url upload_url models_url dialect state_dir output_dir jobs max_jobs timeout max_cost scope progress poll_seconds settle_seconds result_wait missing_wait' ;;
        *) return 1 ;;
      esac
      ;;
    doctor)
      flags='--offline --profile --base-url --api-key-file --json --verbose --color --help'
      case $2 in
        --profile | --base-url) ;;
        --api-key-file) files=file ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    sandbox)
      flags='--host --port --one-port --key --seed --speed --latency --fail-rate --fault --models --shell --json --verbose --color --help'
      case $2 in
        --host | --port | --key | --seed | --speed | --latency | --fail-rate | --fault) ;;
        --models) files=file ;;
        --shell) words='bash zsh fish powershell cmd' ;;
        --color) words='auto always never' ;;
        *) return 1 ;;
      esac
      ;;
    completion)
      flags='--help'
      case $2 in
        1) words='bash zsh fish powershell' ;;
        *) return 1 ;;
      esac
      ;;
    help)
      flags='--json --color --help'
      case $2 in
        --color) words='auto always never' ;;
        1) words='exit-codes environment job-files sandbox agents v1-t2v v1-5-i2v v1-6-multi-i2v motion-control video-o1 again run validate plan report init schema list show open wait download resume resolve usage models auth config doctor completion help version' ;;
        *) return 1 ;;
      esac
      ;;
    version)
      flags='--json --help'
      case $2 in
        *) return 1 ;;
      esac
      ;;
    *) return 1 ;;
  esac
}

# Whether a file of this name is of kind $1.
_kirin_kind() {
  case $1:$2 in
    image:*.[pP][nN][gG] | image:*.[jJ][pP][gG] | image:*.[jJ][pP][eE][gG]) ;;
    job-file:*.[yY][aA][mM][lL] | job-file:*.[yY][mM][lL]) ;;
    *) return 1 ;;
  esac
}

# Readline replaces only what stands behind the last of its word breaks, `16:` and `--mode=` stay.
_kirin_offer() {
  local head='' breaks=${COMP_WORDBREAKS//[!:=]/}
  [[ -n $breaks ]] && head=${whole%"${whole##*[$breaks]}"}
  local reply=$prefix$1
  COMPREPLY+=("${reply#"$head"}")
}

_kirin_paths() {
  local name actions=-f
  type compopt &>/dev/null || return 0
  compopt -o default
  [[ $files == file ]] && return
  [[ $files == folder ]] && actions=-d
  while IFS= read -r name; do
    if [[ $files == folder || -d ${name/#~\//$HOME/} ]] || _kirin_kind "$files" "$name"; then
      compopt -o filenames
      _kirin_offer "$name"
    fi
  done < <(compgen $actions -- "$cur")
}

# The ids of recent tasks become words: kirin keeps a list of them beside its ledger.
_kirin_tasks() {
  local id file folder
  if [[ -n ${KIRIN_STATE_DIR-} ]]; then
    file=${KIRIN_STATE_DIR/#\~\//$HOME/}/recent-tasks
  else
    for folder in "${XDG_STATE_HOME:-$HOME/.local/state}" "$HOME/Library/Application Support" "${LOCALAPPDATA-}"; do
      file=$folder/kirin/recent-tasks
      [[ -r $file ]] && break
    done
  fi
  [[ -r $file ]] || return 0
  while IFS=$'\t' read -r id _; do
    words+=" $id"
  done < "$file"
  words+=' last'
}

_kirin() {
  local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} piece blank tokens=()
  COMPREPLY=()
  # Bash splits at `=` and `:` too: what no blank parts is one word again.
  for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    blank=${line%%[![:blank:]]*}
    line=${line#"$blank"}
    [[ $line == "$piece"* ]] || piece=$line
    line=${line#"$piece"}
    if [[ ${#tokens[@]} -gt 0 && -z $blank ]]; then
      tokens[${#tokens[@]} - 1]+=$piece
    else
      tokens+=("$piece")
    fi
  done

  local whole=${tokens[${#tokens[@]} - 1]} prefix='' command='' pending='' plain='' token number=1
  local cur=$whole words files flags
  for token in "${tokens[@]:1:${#tokens[@]}-2}"; do
    if [[ -n $pending ]]; then
      pending=''
    elif [[ -z $plain && $token == -* ]]; then
      if [[ $token == -- ]]; then
        plain=yes
      elif [[ $token != *=* ]] && _kirin_about "$command" "$token"; then
        pending=$token
      fi
    elif [[ -z $command ]]; then
      command=$token
    else
      number=$((number + 1))
    fi
  done

  if [[ -n $pending ]]; then
    _kirin_about "$command" "$pending"
  elif [[ -z $plain && $cur == --*=* ]]; then
    _kirin_about "$command" "${cur%%=*}" || return 0
    prefix=${cur%%=*}=
    cur=${cur#*=}
  elif [[ -z $plain && $cur == -* ]]; then
    _kirin_about "$command" flags
    words=$flags
  elif [[ -z $command ]]; then
    words='v1-t2v v1-5-i2v v1-6-multi-i2v motion-control video-o1 again run validate plan report init schema list show open wait download resume resolve usage models auth config doctor sandbox completion help version'
    [[ -n $cur ]] && words+=' kirin_v1_t2v kirin_v1_5_i2v kirin_v1_6_multi_i2v kirin_motion_control kirin_video_o1'
  else
    _kirin_about "$command" "$number" || [[ -n $cur ]] || words=$flags
  fi

  [[ $files != task ]] || _kirin_tasks
  for token in $words; do
    [[ $token == "$cur"* ]] && _kirin_offer "$token"
  done
  [[ -z $files || $files == task ]] || _kirin_paths
}

# Before bash 4 a function cannot ask for files, so that they are offered wherever nothing else is.
if type compopt &>/dev/null; then
  complete -F _kirin kirin
else
  complete -o default -F _kirin kirin
fi
