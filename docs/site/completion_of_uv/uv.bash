
# `uv run dolphin NAME`, `uv run live/NAME.py` and `uv run python -m MODULE` are completed as
# `dolphin NAME`; everything else as uv's own completion does, if that was there before.
_dolphin_programs=" PROGRAMS "
if [[ $(complete -p uv 2>/dev/null) =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _dolphin_uv ]]; then
  _dolphin_uv_before=${BASH_REMATCH[1]}
fi

_dolphin_uv() {
  local index word name
  if [[ ${COMP_WORDS[1]-} == run ]]; then
    for ((index = 2; index < COMP_CWORD; index++)); do
      word=${COMP_WORDS[index]} name=""
      case $word in
        dolphin) COMP_WORDS=(dolphin "${COMP_WORDS[@]:index+1}") && ((COMP_CWORD -= index)) ;;
        *live/*.py | *backtests/*.py) name=${word##*/} name=${name%.py} ;;
        adapters.catalog) name=catalog ;;
        adapters.shm.native) name=region_headers ;;
        --extra | --group | --with | --python | --env-file | -p) ((index++)) && continue ;;
        -* | python) continue ;;
      esac
      if [[ -n $name && $_dolphin_programs == *" $name "* ]]; then
        COMP_WORDS=(dolphin "$name" "${COMP_WORDS[@]:index+1}") && ((COMP_CWORD -= index - 1))
      fi
      break
    done
  fi
  if [[ ${COMP_WORDS[0]} == dolphin ]]; then
    _shtab_dolphin
  elif [[ -n ${_dolphin_uv_before-} ]]; then
    "$_dolphin_uv_before" "$@"
  fi
}

complete -o bashdefault -o default -F _dolphin_uv uv
