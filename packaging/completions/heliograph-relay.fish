complete -c heliograph-relay -l config -d 'Configuration file (TOML) [default: /etc/heliograph/relay.toml, where it is there]' -r -F
complete -c heliograph-relay -l signal-config -d 'heliograph-signal\'s configuration, where it is not at its usual place' -r -F
complete -c heliograph-relay -l listen -d 'Where to listen: a loopback address with a port, or unix:/path; may be repeated' -r
complete -c heliograph-relay -l print-config -d 'Print the complete default configuration and exit'
complete -c heliograph-relay -s h -l help -d 'Print help'
complete -c heliograph-relay -s V -l version -d 'Print version'
