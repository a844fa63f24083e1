# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_heliograph_collector_global_optspecs
    string join \n config= data= print-config h/help V/version
end

function __fish_heliograph_collector_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_heliograph_collector_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_heliograph_collector_using_subcommand
    set -l cmd (__fish_heliograph_collector_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -s V -l version -d 'Print version'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "serve" -d 'Run the collector'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "key" -d 'Add, list and revoke write keys'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "token" -d 'Add, list and revoke tokens of those who read or administer'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "admin" -d 'Add, list, change and remove users of the dashboard'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "ask" -d 'Ask what messages add up to; without a question, list the questions'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "messages" -d 'Print what is stored, one JSON object a line, oldest first'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "outcomes" -d 'Print what became of messages by day, and the last ones that were refused, came twice, or differ from the plan'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "export" -d 'Write what is stored as NDJSON, one message a line, oldest first; or as a table of flat rows'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "import" -d 'Take messages that came by hand: bundles of heliograph-signal, JSON with one message a line, or batches as SDKs send them, gzip or not; twice is the same as once'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "rebuild" -d 'Make again what messages add up to, from those that are kept; while no server runs'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "backup" -d 'Copy all that the collector knows into one file, beside a running server; it holds secrets'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "restore" -d 'Take the collector back to a backup, while no server runs; what is there is kept aside'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "receipt-key" -d 'Print the public key that receipts are signed with'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "openapi" -d 'Print the description of the HTTP API (OpenAPI 3.1)'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "tracker" -d 'Print what a page needs to load the script for browsers: lines of HTML, with the hash that the script must have'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "webhook" -d 'Try the webhook that changed verdicts are told to'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "forget" -d 'Keep nothing more of somebody, and delete what there is'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "suppressions" -d 'List and lift what keeps those out who asked to be forgotten'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "deletions" -d 'List what was asked to be deleted, and how far that is'
complete -c heliograph-collector -n "__fish_heliograph_collector_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand serve" -l listen -d 'Address and port to listen on; port 0 is any free one' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand serve" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand serve" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand serve" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand serve" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -f -a "add" -d 'Add a key and print it: it is never shown again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -f -a "limit" -d 'Set how much may be kept in a day of what comes with a key; a running server notices within a second'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -f -a "list" -d 'List all keys'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -f -a "revoke" -d 'Revoke a key; a running server notices within a second'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and not __fish_seen_subcommand_from add limit list revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l kind -d 'What may be sent with it: cluster, ui, server or peer' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l name -d 'What to call it in lists' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l bytes-per-day -d 'A size, such as "10 GiB", or none, or default: as configured' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l messages-per-day -d 'A number of messages, or none, or default: as configured' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from limit" -l bytes-per-day -d 'A size, such as "10 GiB", or none, or default: as configured' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from limit" -l messages-per-day -d 'A number of messages, or none, or default: as configured' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from limit" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from limit" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from limit" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from limit" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from list" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from list" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from list" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from revoke" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from revoke" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from revoke" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a key and print it: it is never shown again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "limit" -d 'Set how much may be kept in a day of what comes with a key; a running server notices within a second'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all keys'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a key; a running server notices within a second'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -f -a "add" -d 'Add a token and print it: it is never shown again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -f -a "list" -d 'List all tokens'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -f -a "revoke" -d 'Revoke a token'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and not __fish_seen_subcommand_from add list revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from add" -l scope -d 'What may be done with it: read, support or admin' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from add" -l name -d 'What to call it in lists' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from add" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from add" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from add" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from list" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from list" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from list" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from revoke" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from revoke" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from revoke" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a token and print it: it is never shown again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all tokens'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a token'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -f -a "add" -d 'Add a user; the password is asked for, or read from standard input'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -f -a "list" -d 'List all users'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -f -a "role" -d 'Give a user another role, and log them out'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -f -a "password" -d 'Give a user another password, and log them out; it is asked for, or read from standard input'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -f -a "remove" -d 'Remove a user'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and not __fish_seen_subcommand_from add list role password remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from add" -l role -d 'What they may do: viewer, support or admin' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from add" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from add" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from add" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from list" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from list" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from list" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from role" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from role" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from role" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from role" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from password" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from password" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from password" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from remove" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from remove" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from remove" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a user; the password is asked for, or read from standard input'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all users'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "role" -d 'Give a user another role, and log them out'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "password" -d 'Give a user another password, and log them out; it is asked for, or read from standard input'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a user'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l from -d 'First day, as 2026-11-22; 29 days before to where it is not given' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l to -d 'Last day, included; today where it is not given' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l version -d 'Version of the environment' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l provider -d 'Provider, such as aws or on-prem' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l variant -d 'open or enterprise' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l package -d 'Installations that have a package, on the days on which they have it' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l cluster -d 'Installation, by cluster id' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l tier -d 'Installations of a tier as of the last day: new (reports on one day), recurring, confirmed (on seven or more) or silent (the last three reports are missing)' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l flag -d 'Installations with a flag: ci (likely CI or a demonstration: one node, reports on two days at most) or clone (more than one reports under its id)' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l without -d 'Installations without a flag: ci or clone' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l per -d 'day, week (from Monday), month or all' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l by -d 'version, provider, variant or none' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l unit -d 'Unit, as in dcos-mesos-master-service' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l event -d 'Event' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l property -d 'Property of the event' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l search -d 'Cluster id, customer key or licence id' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l format -d 'table, json or csv' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l limit -d 'Print at most so many rows' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l fail-on -d 'Of release-health: exit with 1 where a unit has this verdict; may be given more than once' -r -f -a "regressed\t''
improved\t''
no evidence\t''
not enough data\t''"
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand ask" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -l limit -d 'Print at most so many' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -l event -d 'Print only messages of this event' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -l all -d 'Print the reports too that stand beside another reporter\'s and do not count'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand messages" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l reason -d 'Print only this outcome, such as rejected.no_event, or this group of them, such as rejected' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l limit -d 'Print at most so many messages' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l days -d 'Print so many days, today included' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l json -d 'Print JSON'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand outcomes" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l output -d 'File to write; it is there when all is written [default: standard output]' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l from -d 'Only what happened at this time or later (RFC 3339)' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l to -d 'Only what happened before this time (RFC 3339)' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l event -d 'Only messages of this event' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l all -d 'The reports too that stand beside another reporter\'s and do not count'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -f -a "reports" -d 'A row for each report that counts: hour, cluster, texts and numbers of the plan'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -f -a "units" -d 'A row for each unit of a health report: nodes in all, unhealthy, unknown'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -f -a "packages" -d 'A row for each package or framework that a report names'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -f -a "events" -d 'A row for each other message'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and not __fish_seen_subcommand_from reports units packages events help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l from -d 'The first day, as 2026-11-22' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l to -d 'The last day, included' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l format -d 'csv, or ndjson: one JSON object a line' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l output -l out -d 'File to write; it is there when all is written [default: standard output]' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from reports" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l from -d 'The first day, as 2026-11-22' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l to -d 'The last day, included' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l format -d 'csv, or ndjson: one JSON object a line' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l output -l out -d 'File to write; it is there when all is written [default: standard output]' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from units" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l from -d 'The first day, as 2026-11-22' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l to -d 'The last day, included' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l format -d 'csv, or ndjson: one JSON object a line' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l output -l out -d 'File to write; it is there when all is written [default: standard output]' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from packages" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l from -d 'The first day, as 2026-11-22' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l to -d 'The last day, included' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l format -d 'csv, or ndjson: one JSON object a line' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l output -l out -d 'File to write; it is there when all is written [default: standard output]' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "reports" -d 'A row for each report that counts: hour, cluster, texts and numbers of the plan'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "units" -d 'A row for each unit of a health report: nodes in all, unhealthy, unknown'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "packages" -d 'A row for each package or framework that a report names'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "events" -d 'A row for each other message'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand import" -l key -d 'Number or prefix of the key that they count as sent with, whatever the files say [default: as an export says, else the only key of the kind cluster]' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand import" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand import" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand import" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand import" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand rebuild" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand rebuild" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand rebuild" -l check -d 'Change nothing; end with an error where anything differs from what is stored'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand rebuild" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand rebuild" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand backup" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand backup" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand backup" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand backup" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand restore" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand restore" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand restore" -l without-later-orders -d 'Go on although the database that is there can\'t be read, and with it who was forgotten since the backup'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand restore" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand restore" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand receipt-key" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand receipt-key" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand receipt-key" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand receipt-key" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand openapi" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand openapi" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand openapi" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand openapi" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand tracker" -l url -d 'Where browsers reach this collector; by default `public_url`' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand tracker" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand tracker" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand tracker" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand tracker" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and not __fish_seen_subcommand_from test help" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and not __fish_seen_subcommand_from test help" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and not __fish_seen_subcommand_from test help" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and not __fish_seen_subcommand_from test help" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and not __fish_seen_subcommand_from test help" -f -a "test" -d 'Send it an event that says nothing, and tell what it answers; where it said before that it is gone, it is told of changes again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and not __fish_seen_subcommand_from test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and __fish_seen_subcommand_from test" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and __fish_seen_subcommand_from test" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and __fish_seen_subcommand_from test" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and __fish_seen_subcommand_from help" -f -a "test" -d 'Send it an event that says nothing, and tell what it answers; where it said before that it is gone, it is told of changes again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand webhook; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l cluster-id -d 'A cluster' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l anonymous-id -d 'Somebody who is known by an anonymousId' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l user-id -d 'Somebody who is known by a userId' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l customer-key -d 'A customer' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l suppress-only -d 'Keep what there is'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l delete-only -d 'Keep what comes from now on'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand forget" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -f -a "list" -d 'List them; they are known by a hash only'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -f -a "lift" -d 'Let somebody\'s messages count again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and not __fish_seen_subcommand_from list lift help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from list" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from list" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from list" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l cluster-id -d 'A cluster' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l anonymous-id -d 'Somebody who is known by an anonymousId' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l user-id -d 'Somebody who is known by a userId' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l customer-key -d 'A customer' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from lift" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them; they are known by a hash only'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from help" -f -a "lift" -d 'Let somebody\'s messages count again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand suppressions; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand deletions" -l receipt -d 'Print the receipt of a deletion that is done, signed with the key that `receipt-key` prints' -r
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand deletions" -l config -d 'Configuration file (TOML)' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand deletions" -l data -d 'Directory of the database' -r -F
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand deletions" -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand deletions" -s h -l help -d 'Print help'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "serve" -d 'Run the collector'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "key" -d 'Add, list and revoke write keys'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "token" -d 'Add, list and revoke tokens of those who read or administer'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "admin" -d 'Add, list, change and remove users of the dashboard'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "ask" -d 'Ask what messages add up to; without a question, list the questions'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "messages" -d 'Print what is stored, one JSON object a line, oldest first'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "outcomes" -d 'Print what became of messages by day, and the last ones that were refused, came twice, or differ from the plan'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "export" -d 'Write what is stored as NDJSON, one message a line, oldest first; or as a table of flat rows'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "import" -d 'Take messages that came by hand: bundles of heliograph-signal, JSON with one message a line, or batches as SDKs send them, gzip or not; twice is the same as once'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "rebuild" -d 'Make again what messages add up to, from those that are kept; while no server runs'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "backup" -d 'Copy all that the collector knows into one file, beside a running server; it holds secrets'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "restore" -d 'Take the collector back to a backup, while no server runs; what is there is kept aside'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "receipt-key" -d 'Print the public key that receipts are signed with'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "openapi" -d 'Print the description of the HTTP API (OpenAPI 3.1)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "tracker" -d 'Print what a page needs to load the script for browsers: lines of HTML, with the hash that the script must have'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "webhook" -d 'Try the webhook that changed verdicts are told to'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "forget" -d 'Keep nothing more of somebody, and delete what there is'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "suppressions" -d 'List and lift what keeps those out who asked to be forgotten'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "deletions" -d 'List what was asked to be deleted, and how far that is'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and not __fish_seen_subcommand_from serve key token admin ask messages outcomes export import rebuild backup restore receipt-key openapi tracker webhook forget suppressions deletions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "add" -d 'Add a key and print it: it is never shown again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "limit" -d 'Set how much may be kept in a day of what comes with a key; a running server notices within a second'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "list" -d 'List all keys'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "revoke" -d 'Revoke a key; a running server notices within a second'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "add" -d 'Add a token and print it: it is never shown again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "list" -d 'List all tokens'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke a token'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "add" -d 'Add a user; the password is asked for, or read from standard input'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "list" -d 'List all users'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "role" -d 'Give a user another role, and log them out'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "password" -d 'Give a user another password, and log them out; it is asked for, or read from standard input'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "remove" -d 'Remove a user'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "reports" -d 'A row for each report that counts: hour, cluster, texts and numbers of the plan'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "units" -d 'A row for each unit of a health report: nodes in all, unhealthy, unknown'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "packages" -d 'A row for each package or framework that a report names'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "events" -d 'A row for each other message'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from webhook" -f -a "test" -d 'Send it an event that says nothing, and tell what it answers; where it said before that it is gone, it is told of changes again'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from suppressions" -f -a "list" -d 'List them; they are known by a hash only'
complete -c heliograph-collector -n "__fish_heliograph_collector_using_subcommand help; and __fish_seen_subcommand_from suppressions" -f -a "lift" -d 'Let somebody\'s messages count again'
