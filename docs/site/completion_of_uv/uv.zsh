
# `uv run dolphin NAME`, `uv run live/NAME.py` and `uv run python -m MODULE` are completed as
# `dolphin NAME`; everything else as uv's own completion does, if that is there.
_dolphin_uv() {
  local -a programs=(PROGRAMS)
  local index name
  if [[ $words[2] == run ]]; then
    for ((index = 3; index < CURRENT; index++)); do
      name=""
      case $words[index] in
        dolphin) words=(dolphin "${(@)words[index + 1,-1]}") && ((CURRENT -= index - 1)) ;;
        *live/*.py | *backtests/*.py) name=${words[index]:t:r} ;;
        adapters.catalog) name=catalog ;;
        adapters.shm.native) name=region_headers ;;
        --extra | --group | --with | --python | --env-file | -p) ((index++)) && continue ;;
        -* | python) continue ;;
      esac
      if [[ -n $name ]] && (( $programs[(Ie)$name] )); then
        words=(dolphin $name "${(@)words[index + 1,-1]}") && ((CURRENT -= index - 2))
      fi
      break
    done
  fi
  if [[ $words[1] == dolphin ]]; then
    _shtab_dolphin
  elif (( $+functions[_uv] )); then
    _uv
  else
    _default
  fi
}

compdef _dolphin_uv uv
