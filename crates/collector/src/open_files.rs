//! How many connections the limit on open files has room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are not connections: the database, sockets, the log.
const OTHERS: u64 = 100;
/// Connections below which there is no use in trying.
const FEWEST: usize = 10;

/// Raises this process's limit, as far as it may, so that so many connections fit; returns how many do.
pub fn make_room(connections: usize) -> usize {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Without a limit there is room for all of them.
    let Some(mut limit) = current else {
        return connections;
    };
    if limit < wanted {
        let raised = maximum.map_or(wanted, |maximum| wanted.min(maximum));
        let new = Rlimit {
            current: Some(raised),
            maximum,
        };
        if setrlimit(Resource::Nofile, new).is_ok() {
            limit = raised;
        }
    }
    fitting(limit, connections)
}

fn fitting(limit: u64, connections: usize) -> usize {
    let room = usize::try_from(limit.saturating_sub(OTHERS)).unwrap_or(usize::MAX);
    connections.min(room.max(FEWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_come_first() {
        assert_eq!(fitting(20_000, 10_000), 10_000);
        assert_eq!(fitting(1_024, 10_000), 924);
        assert_eq!(fitting(64, 10_000), FEWEST);
        assert_eq!(fitting(64, 3), 3);
    }
}
