//! The memory of all requests under way: a number of bytes that they share, from the first byte of a body to the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that are left.
#[derive(Debug)]
pub struct Budget {
    left: AtomicUsize,
    all: usize,
}

/// What one request holds of the budget; given back when it is dropped.
#[derive(Debug)]
pub struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

/// Nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory for requests is used up")]
pub struct Exhausted;

impl Budget {
    /// A budget of so many bytes.
    pub fn of(bytes: usize) -> Arc<Budget> {
        Arc::new(Budget {
            left: AtomicUsize::new(bytes),
            all: bytes,
        })
    }

    /// What is in use.
    pub fn used(&self) -> usize {
        self.all.saturating_sub(self.left.load(Ordering::Relaxed))
    }

    /// Begins a request, which holds nothing yet.
    pub fn charge(self: &Arc<Budget>) -> Charge {
        Charge {
            budget: Arc::clone(self),
            bytes: 0,
        }
    }
}

impl Charge {
    /// Sets what the request holds.
    ///
    /// # Errors
    /// When it is more than before and not so much is left; it holds what it held then.
    pub fn set(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let left = &self.budget.left;
        if let Some(more) = bytes.checked_sub(self.bytes) {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(more)
            })
            .map_err(|_| Exhausted)?;
        } else {
            left.fetch_add(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_back() {
        let budget = Budget::of(100);
        let (mut a, mut b) = (budget.charge(), budget.charge());
        a.set(60).unwrap();
        assert_eq!(b.set(41), Err(Exhausted));
        b.set(40).unwrap();
        assert_eq!(budget.used(), 100);
        a.set(10).unwrap();
        b.set(90).unwrap();
        drop(b);
        a.set(100).unwrap();
        drop(a);
        assert_eq!(budget.used(), 0);
    }
}
