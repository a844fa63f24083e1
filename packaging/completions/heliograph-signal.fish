# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_heliograph_signal_global_optspecs
    string join \n c/config= print-config cluster-id-path= licensing-socket= segment-key= dcos-variant= test now= v/verbose h/help V/version
end

function __fish_heliograph_signal_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_heliograph_signal_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_heliograph_signal_using_subcommand
    set -l cmd (__fish_heliograph_signal_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l print-config -d 'Print the complete default configuration'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -l test -d 'The same as preview'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -s V -l version -d 'Print version'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "report" -d 'Collect a report and send it'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "preview" -d 'Show what a report would say, and send nothing'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "run" -d 'Report each hour, until told to end: for containers'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "explain" -d 'Tell whether telemetry is on, who decided, and what would be sent'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "status" -d 'Tell what was tried, what waits, and what is wrong'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "doctor" -d 'Try sources, sink, key and clock, and send no data'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "log" -d 'List what was sent'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "diff" -d 'Compare what this version would send with an earlier one'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "opt-out" -d 'Switch telemetry of this host off'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "opt-in" -d 'Undo opt-out, and skip the notice'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "forget" -d 'Opt out, and ask the collector to delete all it holds of this cluster'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "bundle" -d 'Carry reports out of a cluster without a way out'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "event" -d 'Tell of an installation: for installers to call'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "print-config" -d 'Print the complete default configuration'
complete -c heliograph-signal -n "__fish_heliograph_signal_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -l spread -d 'Wait for this cluster\'s minute of the hour, as our timer\'s unit asks'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand report" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l wire -d 'The exact body that a report at this moment would send'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -l ui -d 'What waits of the web UI instead: each message, byte for byte as it would leave now'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand preview" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand run" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand explain" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand status" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -f -a "show" -d 'Print the exact body of a send'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -f -a "verify" -d 'Check hashes and receipts'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and not __fish_seen_subcommand_from show verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print the exact body of a send'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check hashes and receipts'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand log; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand diff" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-out" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand opt-in" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand forget" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -f -a "write" -d 'Move what waits into a file'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and not __fish_seen_subcommand_from write help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from write" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "write" -d 'Move what waits into a file'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l phase -d 'preflight, download, configure, bootstrap, start, verify or cleanup' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l from -d 'The version before' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l to -d 'The version after' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand event" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -s c -l config -d 'Configuration file, TOML or DC/OS\' JSON [default: /etc/heliograph/signal.toml, else /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]' -r -F
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -l cluster-id-path -d 'The file that holds the cluster\'s id' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -l licensing-socket -d 'DC/OS Enterprise: the licensing service\'s socket' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -l segment-key -d 'The sink\'s write key; other users of this machine can see it, so better set write_key_file' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -l dcos-variant -d 'open or enterprise' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -l now -d 'Stamp messages with this time, not the clock\'s (RFC 3339)' -r
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -s v -l verbose -d 'Log more'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand print-config" -s h -l help -d 'Print help'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "report" -d 'Collect a report and send it'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "preview" -d 'Show what a report would say, and send nothing'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "run" -d 'Report each hour, until told to end: for containers'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "explain" -d 'Tell whether telemetry is on, who decided, and what would be sent'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "status" -d 'Tell what was tried, what waits, and what is wrong'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "doctor" -d 'Try sources, sink, key and clock, and send no data'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "log" -d 'List what was sent'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "diff" -d 'Compare what this version would send with an earlier one'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "opt-out" -d 'Switch telemetry of this host off'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "opt-in" -d 'Undo opt-out, and skip the notice'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "forget" -d 'Opt out, and ask the collector to delete all it holds of this cluster'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "bundle" -d 'Carry reports out of a cluster without a way out'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "event" -d 'Tell of an installation: for installers to call'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "print-config" -d 'Print the complete default configuration'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and not __fish_seen_subcommand_from report preview run explain status doctor log diff opt-out opt-in forget bundle event print-config help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and __fish_seen_subcommand_from log" -f -a "show" -d 'Print the exact body of a send'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and __fish_seen_subcommand_from log" -f -a "verify" -d 'Check hashes and receipts'
complete -c heliograph-signal -n "__fish_heliograph_signal_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "write" -d 'Move what waits into a file'
