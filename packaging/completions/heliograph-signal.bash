_heliograph__signal() {
    local i cur prev opts cmd
    COMPREPLY=()
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        cur="$2"
    else
        cur="${COMP_WORDS[COMP_CWORD]}"
    fi
    prev="$3"
    cmd=""
    opts=""

    for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
    do
        case "${cmd},${i}" in
            ",$1")
                cmd="heliograph__signal"
                ;;
            heliograph__signal,bundle)
                cmd="heliograph__signal__subcmd__bundle"
                ;;
            heliograph__signal,diff)
                cmd="heliograph__signal__subcmd__diff"
                ;;
            heliograph__signal,doctor)
                cmd="heliograph__signal__subcmd__doctor"
                ;;
            heliograph__signal,event)
                cmd="heliograph__signal__subcmd__event"
                ;;
            heliograph__signal,explain)
                cmd="heliograph__signal__subcmd__explain"
                ;;
            heliograph__signal,forget)
                cmd="heliograph__signal__subcmd__forget"
                ;;
            heliograph__signal,help)
                cmd="heliograph__signal__subcmd__help"
                ;;
            heliograph__signal,log)
                cmd="heliograph__signal__subcmd__log"
                ;;
            heliograph__signal,opt-in)
                cmd="heliograph__signal__subcmd__opt__subcmd__in"
                ;;
            heliograph__signal,opt-out)
                cmd="heliograph__signal__subcmd__opt__subcmd__out"
                ;;
            heliograph__signal,preview)
                cmd="heliograph__signal__subcmd__preview"
                ;;
            heliograph__signal,print-config)
                cmd="heliograph__signal__subcmd__print__subcmd__config"
                ;;
            heliograph__signal,report)
                cmd="heliograph__signal__subcmd__report"
                ;;
            heliograph__signal,run)
                cmd="heliograph__signal__subcmd__run"
                ;;
            heliograph__signal,status)
                cmd="heliograph__signal__subcmd__status"
                ;;
            heliograph__signal__subcmd__bundle,help)
                cmd="heliograph__signal__subcmd__bundle__subcmd__help"
                ;;
            heliograph__signal__subcmd__bundle,write)
                cmd="heliograph__signal__subcmd__bundle__subcmd__write"
                ;;
            heliograph__signal__subcmd__bundle__subcmd__help,help)
                cmd="heliograph__signal__subcmd__bundle__subcmd__help__subcmd__help"
                ;;
            heliograph__signal__subcmd__bundle__subcmd__help,write)
                cmd="heliograph__signal__subcmd__bundle__subcmd__help__subcmd__write"
                ;;
            heliograph__signal__subcmd__help,bundle)
                cmd="heliograph__signal__subcmd__help__subcmd__bundle"
                ;;
            heliograph__signal__subcmd__help,diff)
                cmd="heliograph__signal__subcmd__help__subcmd__diff"
                ;;
            heliograph__signal__subcmd__help,doctor)
                cmd="heliograph__signal__subcmd__help__subcmd__doctor"
                ;;
            heliograph__signal__subcmd__help,event)
                cmd="heliograph__signal__subcmd__help__subcmd__event"
                ;;
            heliograph__signal__subcmd__help,explain)
                cmd="heliograph__signal__subcmd__help__subcmd__explain"
                ;;
            heliograph__signal__subcmd__help,forget)
                cmd="heliograph__signal__subcmd__help__subcmd__forget"
                ;;
            heliograph__signal__subcmd__help,help)
                cmd="heliograph__signal__subcmd__help__subcmd__help"
                ;;
            heliograph__signal__subcmd__help,log)
                cmd="heliograph__signal__subcmd__help__subcmd__log"
                ;;
            heliograph__signal__subcmd__help,opt-in)
                cmd="heliograph__signal__subcmd__help__subcmd__opt__subcmd__in"
                ;;
            heliograph__signal__subcmd__help,opt-out)
                cmd="heliograph__signal__subcmd__help__subcmd__opt__subcmd__out"
                ;;
            heliograph__signal__subcmd__help,preview)
                cmd="heliograph__signal__subcmd__help__subcmd__preview"
                ;;
            heliograph__signal__subcmd__help,print-config)
                cmd="heliograph__signal__subcmd__help__subcmd__print__subcmd__config"
                ;;
            heliograph__signal__subcmd__help,report)
                cmd="heliograph__signal__subcmd__help__subcmd__report"
                ;;
            heliograph__signal__subcmd__help,run)
                cmd="heliograph__signal__subcmd__help__subcmd__run"
                ;;
            heliograph__signal__subcmd__help,status)
                cmd="heliograph__signal__subcmd__help__subcmd__status"
                ;;
            heliograph__signal__subcmd__help__subcmd__bundle,write)
                cmd="heliograph__signal__subcmd__help__subcmd__bundle__subcmd__write"
                ;;
            heliograph__signal__subcmd__help__subcmd__log,show)
                cmd="heliograph__signal__subcmd__help__subcmd__log__subcmd__show"
                ;;
            heliograph__signal__subcmd__help__subcmd__log,verify)
                cmd="heliograph__signal__subcmd__help__subcmd__log__subcmd__verify"
                ;;
            heliograph__signal__subcmd__log,help)
                cmd="heliograph__signal__subcmd__log__subcmd__help"
                ;;
            heliograph__signal__subcmd__log,show)
                cmd="heliograph__signal__subcmd__log__subcmd__show"
                ;;
            heliograph__signal__subcmd__log,verify)
                cmd="heliograph__signal__subcmd__log__subcmd__verify"
                ;;
            heliograph__signal__subcmd__log__subcmd__help,help)
                cmd="heliograph__signal__subcmd__log__subcmd__help__subcmd__help"
                ;;
            heliograph__signal__subcmd__log__subcmd__help,show)
                cmd="heliograph__signal__subcmd__log__subcmd__help__subcmd__show"
                ;;
            heliograph__signal__subcmd__log__subcmd__help,verify)
                cmd="heliograph__signal__subcmd__log__subcmd__help__subcmd__verify"
                ;;
            *)
                ;;
        esac
    done

    case "${cmd}" in
        heliograph__signal)
            opts="-c -v -h -V --config --print-config --cluster-id-path --licensing-socket --segment-key --dcos-variant --test --now --verbose --help --version report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__bundle)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help write help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__bundle__subcmd__help)
            opts="write help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__bundle__subcmd__help__subcmd__help)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__bundle__subcmd__help__subcmd__write)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__bundle__subcmd__write)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__diff)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__doctor)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__event)
            opts="-c -v -h --phase --from --to --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --phase)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --from)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__explain)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__forget)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help)
            opts="report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__bundle)
            opts="write"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__bundle__subcmd__write)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__diff)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__doctor)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__event)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__explain)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__forget)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__help)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__log)
            opts="show verify"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__log__subcmd__show)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__log__subcmd__verify)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__opt__subcmd__in)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__opt__subcmd__out)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__preview)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__print__subcmd__config)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__report)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__run)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__help__subcmd__status)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help show verify help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log__subcmd__help)
            opts="show verify help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log__subcmd__help__subcmd__help)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log__subcmd__help__subcmd__show)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log__subcmd__help__subcmd__verify)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 4 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log__subcmd__show)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__log__subcmd__verify)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__opt__subcmd__in)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__opt__subcmd__out)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__preview)
            opts="-c -v -h --wire --ui --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__print__subcmd__config)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__report)
            opts="-c -v -h --spread --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__run)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        heliograph__subcmd__signal__subcmd__status)
            opts="-c -v -h --config --cluster-id-path --licensing-socket --segment-key --dcos-variant --now --verbose --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -c)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cluster-id-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licensing-socket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --segment-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dcos-variant)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --now)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
    esac
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _heliograph__signal -o nosort -o bashdefault -o default heliograph-signal
else
    complete -F _heliograph__signal -o bashdefault -o default heliograph-signal
fi
