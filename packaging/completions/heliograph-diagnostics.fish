# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_heliograph_diagnostics_global_optspecs
    string join \n config= print-config h/help V/version
end

function __fish_heliograph_diagnostics_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_heliograph_diagnostics_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_heliograph_diagnostics_using_subcommand
    set -l cmd (__fish_heliograph_diagnostics_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -l config -d 'Configuration file (TOML) [default: /etc/heliograph/diagnostics.toml, where it is there]' -r -F
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -s h -l help -d 'Print help'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -s V -l version -d 'Print version'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -f -a "serve" -d 'Run the daemon'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -f -a "check" -d 'Print how this node\'s units are; exits with 1 when one is unhealthy, with 3 when none is and one is unknown. Asks the daemon of this machine; where none runs, systemd'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand serve" -l listen -d 'Where to listen: an address with a port, or unix:/path; may be repeated' -r
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand serve" -l role -d 'What this node is in its cluster: master, agent or agent_public' -r
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand serve" -l config -d 'Configuration file (TOML) [default: /etc/heliograph/diagnostics.toml, where it is there]' -r -F
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand serve" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand serve" -s h -l help -d 'Print help'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand check" -l config -d 'Configuration file (TOML) [default: /etc/heliograph/diagnostics.toml, where it is there]' -r -F
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand check" -l json -d 'Print this node\'s document as JSON'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand check" -l journal -d 'Print the last lines of the journal about units that are unhealthy'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand check" -l direct -d 'Ask systemd even where a daemon runs; what happened before is then not seen'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand check" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand check" -s h -l help -d 'Print help'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand help; and not __fish_seen_subcommand_from serve check help" -f -a "serve" -d 'Run the daemon'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand help; and not __fish_seen_subcommand_from serve check help" -f -a "check" -d 'Print how this node\'s units are; exits with 1 when one is unhealthy, with 3 when none is and one is unknown. Asks the daemon of this machine; where none runs, systemd'
complete -c heliograph-diagnostics -n "__fish_heliograph_diagnostics_using_subcommand help; and not __fish_seen_subcommand_from serve check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
