//! What a systemd needs around the units of a test: a bus, a journal, a few targets, accounts.

/// Files of the root. Units are in `/etc/systemd/system`, the only place where this systemd looks for them.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         messagebus:x:100:100::/nonexistent:/usr/sbin/nologin\n\
         heliograph-diagnostics:x:900:900::/nonexistent:/usr/sbin/nologin\n\
         nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
    ),
    (
        "etc/group",
        "root:x:0:\nadm:x:4:\nmessagebus:x:100:\nsystemd-journal:x:101:\nheliograph-diagnostics:x:900:\n\
         nogroup:x:65534:\n",
    ),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    (
        "etc/systemd/journald.conf",
        "[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n",
    ),
    (
        "etc/systemd/system/sandbox.target",
        "[Unit]\nDescription=What the sandbox is there for\nAfter=basic.target\nRequires=basic.target\n\
         Wants=dbus.service systemd-journald.service\n",
    ),
    (
        "etc/systemd/system/basic.target",
        "[Unit]\nRequires=sysinit.target sockets.target\nAfter=sysinit.target sockets.target\n",
    ),
    (
        "etc/systemd/system/sysinit.target",
        "[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\nAfter=systemd-journald.service\n",
    ),
    (
        "etc/systemd/system/sockets.target",
        "[Unit]\nWants=dbus.socket\nAfter=dbus.socket\n",
    ),
    (
        "etc/systemd/system/shutdown.target",
        "[Unit]\nDefaultDependencies=no\n",
    ),
    ("etc/systemd/system/timers.target", "[Unit]\n"),
    ("etc/systemd/system/paths.target", "[Unit]\n"),
    (
        "etc/systemd/system/dbus.socket",
        "[Socket]\nListenStream=/run/dbus/system_bus_socket\n",
    ),
    (
        "etc/systemd/system/dbus.service",
        "[Unit]\nRequires=dbus.socket\n[Service]\nType=notify\nNotifyAccess=main\n\
         ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\n",
    ),
    (
        "etc/systemd/system/systemd-journald.socket",
        "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/systemd/journal/stdout\n\
         ListenDatagram=/run/systemd/journal/socket\nSocketMode=0666\nPassCredentials=yes\n",
    ),
    (
        "etc/systemd/system/systemd-journald.service",
        "[Unit]\nDefaultDependencies=no\nRequires=systemd-journald.socket\nAfter=systemd-journald.socket\n\
         [Service]\nType=notify\nNotifyAccess=all\nExecStart=/usr/lib/systemd/systemd-journald\n\
         Sockets=systemd-journald.socket\nStandardOutput=null\nFileDescriptorStoreMax=1024\n",
    ),
];

/// Folders of the root.
pub(super) const FOLDERS: &[&str] = &[
    "etc/systemd/system",
    "usr",
    "proc",
    "sys",
    "dev",
    "run/dbus",
    "run/lock",
    "run/log/journal",
    "var/lib",
    "var/log",
    "tmp",
    "root",
    "opt",
];
