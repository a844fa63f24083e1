//! Who belongs to the cluster: what the lists said last, and for how long what they no longer say still holds.
//!
//! A list that can't be read keeps its members, however long that lasts. A list that is read and no longer names a member has
//! either lost it or lost sight of it: a Mesos master that has just taken over lists its agents one by one as they come back, a
//! name server may leave records out. So such a member is kept for a while, still asked and still shown. A list that people
//! write holds at once.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::member::{Address, Member};

/// Most members of a list, with those that it no longer names; what it names beyond them is a problem that is told.
pub const MAX_MEMBERS: usize = 10_000;

/// The lists of a cluster, as they were last read.
#[derive(Debug)]
pub struct Membership {
    lists: Vec<List>,
}

#[derive(Debug)]
struct List {
    name: String,
    /// How long a member is kept that the list no longer names.
    hold: Duration,
    members: BTreeMap<Address, Held>,
    read: bool,
    problem: Option<String>,
}

#[derive(Debug)]
struct Held {
    member: Member,
    /// Since when the list does not name it; by a clock that never jumps.
    missing: Option<Duration>,
}

/// A member, and how its lists have it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The member.
    pub member: Member,
    /// Whether some list still names it.
    pub named: bool,
}

impl Membership {
    /// No list was read yet. Each has a name for people, and how long it holds a member that it no longer names.
    pub fn new(lists: impl IntoIterator<Item = (String, Duration)>) -> Membership {
        let lists = lists.into_iter().map(|(name, hold)| List {
            name,
            hold,
            members: BTreeMap::new(),
            read: false,
            problem: None,
        });
        Membership {
            lists: lists.collect(),
        }
    }

    /// A list was read, or could not be, for this reason.
    pub fn take(&mut self, list: usize, said: Result<Vec<Member>, String>, now: Duration) {
        let Some(list) = self.lists.get_mut(list) else {
            return;
        };
        match said {
            Ok(members) => list.take(members, now),
            Err(problem) => list.problem = Some(problem),
        }
        for list in &mut self.lists {
            list.forget(now);
        }
    }

    /// A list was read, and is as it was.
    pub fn keep(&mut self, list: usize, now: Duration) {
        if let Some(list) = self.lists.get_mut(list) {
            list.forget(now);
        }
    }

    /// All members, where they are asked from the machine of the address `own`. What two lists say of one is put together: the
    /// first role that is known, and it leads if one says so.
    pub fn members(&self, own: Option<IpAddr>) -> BTreeMap<Address, Listed> {
        let mut members: BTreeMap<Address, Listed> = BTreeMap::new();
        for held in self.lists.iter().flat_map(|list| list.members.values()) {
            let named = held.missing.is_none();
            let address = held.member.place(own);
            members
                .entry(address.clone())
                .and_modify(|listed| {
                    listed.named |= named;
                    listed.member.role = listed.member.role.or(held.member.role);
                    listed.member.leader |= held.member.leader;
                })
                .or_insert_with(|| Listed {
                    member: Member {
                        address,
                        ..held.member.clone()
                    },
                    named,
                });
        }
        members
    }

    /// Whether every list was read at least once: else there may be members that nobody knows of.
    pub fn is_complete(&self) -> bool {
        self.lists.iter().all(|list| list.read)
    }

    /// What is wrong with the lists now: the name of each that could not be read, and why.
    pub fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lists
            .iter()
            .filter_map(|list| Some((list.name.as_str(), list.problem.as_deref()?)))
    }
}

impl List {
    fn take(&mut self, members: Vec<Member>, now: Duration) {
        for held in self.members.values_mut() {
            held.missing.get_or_insert(now);
        }
        let named = members.len();
        for member in members.into_iter().take(MAX_MEMBERS) {
            let held = Held {
                member: member.clone(),
                missing: None,
            };
            self.members.insert(member.address, held);
        }
        self.bound();
        self.read = true;
        self.problem = (named > MAX_MEMBERS)
            .then(|| format!("it names {named} members, of which only {MAX_MEMBERS} are looked at"));
    }

    /// Lets those go that the list no longer names, the longest missing first, until there is room for those that it names.
    fn bound(&mut self) {
        let excess = self.members.len().saturating_sub(MAX_MEMBERS);
        let missing = self
            .members
            .iter()
            .filter_map(|(address, held)| Some((held.missing?, address.clone())));
        let mut missing: Vec<_> = missing.collect();
        missing.sort();
        for (_, address) in missing.into_iter().take(excess) {
            self.members.remove(&address);
        }
    }

    fn forget(&mut self, now: Duration) {
        let hold = self.hold;
        // What a list does not name goes only when the list can be read, and still does not name it.
        if self.problem.is_none() {
            self.members
                .retain(|_, held| held.missing.is_none_or(|since| now.saturating_sub(since) < hold));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::member::{Defaults, Entry};
    use crate::node::Role;

    const HOLD: Duration = Duration::from_secs(900);

    fn member(text: &str) -> Member {
        let entry: Entry = text.parse().unwrap();
        Defaults {
            master_port: 1,
            agent_port: 2,
        }
        .member(entry)
    }

    fn list(text: &str) -> Result<Vec<Member>, String> {
        match text.strip_prefix('!') {
            Some(problem) => Err(problem.to_owned()),
            None => Ok(text.split_whitespace().map(member).collect()),
        }
    }

    /// The members, a `?` after those that no list names.
    fn shown(membership: &Membership) -> String {
        let members = membership.members(None);
        let shown = members.into_values().map(|listed| {
            let mark = if listed.named { "" } else { "?" };
            format!("{}{mark}", listed.member.address.host)
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn members_stay_while_their_list_is_silent_and_a_while_longer() {
        // What is read of a written and of a watched list at which second, and who belongs to the cluster then.
        let table: &[(usize, u64, &str, &str)] = &[
            (0, 0, "10.0.0.1", "10.0.0.1"),
            (1, 0, "!no answer within 10 s", "10.0.0.1"),
            (1, 60, "10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.2 10.0.0.3"),
            // Silent for ever: nobody vanishes.
            (1, 99_000, "!refused", "10.0.0.1 10.0.0.2 10.0.0.3"),
            // It no longer names them: they are kept, and go when it has said so for long enough.
            (1, 100_000, "", "10.0.0.1 10.0.0.2? 10.0.0.3?"),
            (
                1,
                100_060,
                "10.0.0.3 10.0.0.4",
                "10.0.0.1 10.0.0.2? 10.0.0.3 10.0.0.4",
            ),
            (1, 100_899, "10.0.0.3", "10.0.0.1 10.0.0.2? 10.0.0.3 10.0.0.4?"),
            (1, 100_950, "!refused", "10.0.0.1 10.0.0.2? 10.0.0.3 10.0.0.4?"),
            (1, 100_960, "10.0.0.3", "10.0.0.1 10.0.0.3 10.0.0.4?"),
            (1, 102_000, "10.0.0.3", "10.0.0.1 10.0.0.3"),
            // What people wrote holds at once.
            (0, 102_001, "10.0.0.5", "10.0.0.3 10.0.0.5"),
        ];
        let lists = [
            ("the list".to_owned(), Duration::ZERO),
            ("dns:x".to_owned(), HOLD),
        ];
        let mut membership = Membership::new(lists);
        for (index, at, said, expected) in table {
            membership.take(*index, list(said), Duration::from_secs(*at));
            assert_eq!(shown(&membership), *expected, "at {at} s");
        }
    }

    #[test]
    fn a_machine_that_learns_its_address_late_is_no_second_member() {
        let mut membership = Membership::new([("dns:x".to_owned(), HOLD)]);
        membership.take(0, list("10.0.0.1 10.0.0.2"), Duration::ZERO);
        let places = |membership: &Membership, own: Option<[u8; 4]>| {
            let members = membership.members(own.map(IpAddr::from));
            let places = members.iter().map(|(address, listed)| {
                assert_eq!(*address, listed.member.address);
                address.to_string()
            });
            places.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(places(&membership, None), "10.0.0.1:1 10.0.0.2:1");
        assert_eq!(places(&membership, Some([10, 0, 0, 2])), "self 10.0.0.1:1");
        membership.take(0, list("10.0.0.1 10.0.0.2"), Duration::from_secs(60));
        assert_eq!(places(&membership, Some([10, 0, 0, 2])), "self 10.0.0.1:1");
    }

    #[test]
    fn it_is_complete_when_every_list_was_read() {
        let mut membership = Membership::new(["a", "b"].map(|name| (name.to_owned(), HOLD)));
        membership.take(0, list("10.0.0.1"), Duration::ZERO);
        membership.take(1, list("!refused"), Duration::ZERO);
        assert!(!membership.is_complete());
        assert_eq!(membership.problems().collect::<Vec<_>>(), [("b", "refused")]);
        membership.take(1, list(""), Duration::ZERO);
        assert!(membership.is_complete());
        assert_eq!(membership.problems().count(), 0);
        membership.take(1, list("!refused"), Duration::ZERO);
        assert!(membership.is_complete());
    }

    #[test]
    fn what_two_lists_say_of_a_member_is_put_together() {
        let mut membership = Membership::new(["a", "b"].map(|name| (name.to_owned(), HOLD)));
        membership.take(0, list("10.0.0.1:1"), Duration::ZERO);
        let leader = Member {
            leader: true,
            ..member("master=10.0.0.1:1")
        };
        membership.take(1, Ok(vec![leader.clone()]), Duration::ZERO);
        membership.take(0, list(""), Duration::ZERO);
        let members: Vec<_> = membership.members(None).into_values().collect();
        assert_eq!(
            members,
            [Listed {
                member: leader,
                named: true
            }]
        );
        assert_eq!(members[0].member.role, Some(Role::Master));
    }

    #[test]
    fn a_list_is_bounded() {
        let mut membership = Membership::new([("a".to_owned(), HOLD)]);
        let many = (0..=MAX_MEMBERS).map(|i| member(&format!("n{i}.example")));
        membership.take(0, Ok(many.collect()), Duration::ZERO);
        assert_eq!(membership.members(None).len(), MAX_MEMBERS);
        assert_eq!(membership.problems().count(), 1);

        // Others again and again: those that are named have the room, then those that were named last.
        for (round, count) in [(1, MAX_MEMBERS), (2, 10), (3, MAX_MEMBERS - 15)] {
            let named = (0..count).map(|i| member(&format!("n{round}-{i}.example")));
            membership.take(0, Ok(named.collect()), Duration::from_secs(round));
        }
        let members = membership.members(None);
        let of = |round: &str| {
            members
                .keys()
                .filter(|address| address.to_string().starts_with(round))
                .count()
        };
        assert_eq!(
            (members.len(), of("n1-"), of("n2-"), of("n3-")),
            (MAX_MEMBERS, 5, 10, MAX_MEMBERS - 15)
        );
    }
}
