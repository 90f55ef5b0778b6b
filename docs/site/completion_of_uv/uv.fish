
# `uv run dolphin NAME`, `uv run live/NAME.py` and `uv run python -m MODULE` are completed as
# `dolphin NAME`; everything else as uv's own completion does.
function _dolphin_line
    # Print the command line as one of dolphin, or nothing and fail.
    set -l words (commandline -opc)
    test "$words[2]" = run; or return 1
    set -l index 3
    while test $index -le (count $words)
        set -l name ''
        switch $words[$index]
            case dolphin
                echo dolphin (string escape -- $words[(math $index + 1)..]) (commandline -ct)
                return 0
            case '*live/*.py' '*backtests/*.py'
                set name (string replace -r '.*/(.*)\.py$' '$1' -- $words[$index])
            case adapters.catalog
                set name catalog
            case adapters.shm.native
                set name region_headers
            case --extra --group --with --python --env-file -p
                set index (math $index + 2)
                continue
            case '-*' python
                set index (math $index + 1)
                continue
        end
        contains -- "$name" PROGRAMS; or return 1
        echo dolphin $name (string escape -- $words[(math $index + 1)..]) (commandline -ct)
        return 0
    end
    return 1
end

complete -c uv -n '_dolphin_line >/dev/null' -xa '(complete -C (_dolphin_line | string collect))'
