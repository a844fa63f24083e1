//! What is sent at once, and which messages of it a target refuses. Pure.

use heliograph_wire::segment::{MAX_BATCH, MAX_BATCH_MESSAGES};

/// Room that the envelope of a batch takes, in bytes.
const ENVELOPE: usize = 64;
/// Messages in a row that are refused one by one, none having been taken, after which the fault is taken for the target's.
const ALL_REFUSED: usize = 8;

/// How many of these messages, by their lengths, fit into one request; at least one.
pub(super) fn fitting(lengths: impl Iterator<Item = usize>) -> usize {
    let mut bytes = ENVELOPE;
    let mut count = 0;
    for length in lengths.take(MAX_BATCH_MESSAGES) {
        bytes += length + 1;
        if bytes > MAX_BATCH && count > 0 {
            break;
        }
        count += 1;
    }
    count
}

/// What became of a part of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Became<T> {
    /// The target took it.
    Taken,
    /// It will never take it as it is: why.
    Refused(String),
    /// It can't be said yet.
    Failed(T),
}

/// What became of a parcel.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent<T> {
    /// All is done but these, which were refused for good: their places, and why.
    Done(Vec<(usize, String)>),
    /// It has to be sent again.
    Failed(T),
    /// It is the target that refuses, whatever the message: why.
    Nothing(String),
}

/// Sends a parcel of so many messages; halves it until each message at fault is found.
pub(super) fn send<T>(count: usize, mut send: impl FnMut(usize, usize) -> Became<T>) -> Sent<T> {
    let mut open = vec![(0, count)];
    let mut refused = Vec::new();
    let mut any_taken = false;
    while let Some((from, to)) = open.pop() {
        match send(from, to) {
            Became::Taken => any_taken = true,
            Became::Failed(why) => return Sent::Failed(why),
            Became::Refused(what) if to - from == 1 => {
                refused.push((from, what));
                if !any_taken && refused.len() == ALL_REFUSED.min(count) && count > 1 {
                    return Sent::Nothing(refused.pop().map(|(_, what)| what).unwrap_or_default());
                }
            }
            Became::Refused(_) => {
                let half = from + (to - from) / 2;
                open.extend([(half, to), (from, half)]);
            }
        }
    }
    Sent::Done(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_within_the_limits() {
        assert_eq!(fitting([100; 5000].into_iter()), MAX_BATCH_MESSAGES);
        assert_eq!(fitting([MAX_BATCH / 2; 3].into_iter()), 1);
        assert_eq!(fitting([MAX_BATCH / 2 - 100; 3].into_iter()), 2);
        // One that is too large goes alone: the target says so.
        assert_eq!(fitting([MAX_BATCH * 2, 1].into_iter()), 1);
    }

    fn with_faults(count: usize, bad: &[usize]) -> (Sent<()>, usize) {
        let mut requests = 0;
        let sent = send(count, |from, to| {
            requests += 1;
            if bad.iter().any(|bad| (from..to).contains(bad)) {
                Became::Refused("400".to_owned())
            } else {
                Became::Taken
            }
        });
        (sent, requests)
    }

    #[test]
    fn messages_at_fault_are_found_alone() {
        let refused = |bad: &[usize]| bad.iter().map(|at| (*at, "400".to_owned())).collect();
        assert_eq!(with_faults(1000, &[]), (Sent::Done(vec![]), 1));
        let (sent, requests) = with_faults(1000, &[0, 517]);
        assert_eq!(sent, Sent::Done(refused(&[0, 517])));
        assert!(requests < 50, "{requests}");
        assert_eq!(with_faults(1, &[0]).0, Sent::Done(refused(&[0])));
        // All of them: that is no fault of theirs, and is noticed soon.
        let all: Vec<_> = (0..1000).collect();
        let (sent, requests) = with_faults(1000, &all);
        assert!(matches!(sent, Sent::Nothing(_)) && requests < 40, "{requests}");
        assert!(matches!(with_faults(2, &[0, 1]).0, Sent::Nothing(_)));
    }
}
