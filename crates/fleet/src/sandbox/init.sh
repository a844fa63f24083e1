# Becomes systemd: the first process of new namespaces builds its root, changes to it and executes it.
# Arguments: the root's folder, the name of the machine, systemd, then pairs of what to show inside and where.
set -eu
root=$1 name=$2 systemd=$3
shift 3

mount --make-rprivate /
# Changing the root wants a mount, and so does systemd of /run, or it would put one of its own there.
mount --bind "$root" "$root"
mount --bind "$root/run" "$root/run"
units=/etc/systemd/system
if [ -n "${HELIOGRAPH_SANDBOX_UPPER:-}" ]; then
    # What is written to /usr is kept apart; and of the machine's own units none is there.
    mount -t overlay -o "lowerdir=/usr,upperdir=$HELIOGRAPH_SANDBOX_UPPER/upper,workdir=$HELIOGRAPH_SANDBOX_UPPER/work" overlay "$root/usr"
    mount -t tmpfs -o mode=755 tmpfs "$root/usr/lib/systemd/system"
    units=$units:/usr/lib/systemd/system
else
    mount --rbind /usr "$root/usr"
    mount -o remount,bind,ro "$root/usr"
fi
while [ $# -gt 0 ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; : > "$root$2"; fi
    mount --bind "$1" "$root$2"
    mount -o remount,bind,ro "$root$2"
    shift 2
done
mount -t proc proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
# Of our cgroup namespace: it shows the folder that we were put in as the root of all.
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : > "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
hostname "$name"

cd "$root"
mkdir -p outside
pivot_root . outside
umount -l /outside
# As on any machine: what systemd mounts for a service's credentials is seen by the service. Nobody outside shares it.
mount --make-rshared /
# No generators, and no units but those that were written for it.
exec env -i container=sandbox PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 \
    SYSTEMD_UNIT_PATH=$units SYSTEMD_GENERATOR_PATH=/nowhere \
    "$systemd" --system --unit=sandbox.target --log-target=journal --show-status=no
