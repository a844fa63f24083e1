//! All installations, hour by hour.

use super::installation::{self, Installation};
use super::life::{Arrival, Life};
use super::message::Writer;
use super::settings::Settings;
use super::tally::Tally;
use super::truth::FleetTruth;
use super::world::World;

/// A fleet.
#[derive(Debug)]
pub struct Fleet {
    world: World,
    /// Installations that have not begun, the next one last.
    waiting: Vec<Installation>,
}

/// A message that arrives.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The same for all messages of a cluster: whoever sends them over several connections keeps their order.
    pub lane: u32,
    /// When it arrives: hours from the first one of the fleet's days.
    pub hour: u32,
    /// Compact JSON.
    pub text: &'a [u8],
}

impl Fleet {
    /// A fleet as these settings say.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let world = World::new(settings);
        let mut waiting = installation::all(&world);
        waiting.sort_by_key(|installation| std::cmp::Reverse((installation.birth, installation.offset)));
        Self { world, waiting }
    }

    /// Runs it from its first hour to its last, handing each message to `send` in the order of arrival.
    ///
    /// # Errors
    /// As `send` says.
    pub fn run<E>(mut self, mut send: impl FnMut(Message<'_>) -> Result<(), E>) -> Result<FleetTruth, E> {
        let world = &self.world;
        let mut tally = Tally::new(world);
        let mut writer = Writer::new(world);
        let mut alive: Vec<Life> = Vec::new();
        for hour in 0..world.calendar.hours() {
            let before = alive.len();
            while let Some(next) = self.waiting.pop_if(|next| next.birth <= hour) {
                alive.push(Life::begin(next, world));
            }
            if alive.len() > before {
                alive.sort_by_key(|life| life.installation.offset);
            }
            for life in &mut alive {
                let (mut messages, counting) = (tally.messages, &mut tally);
                life.pass(
                    hour,
                    world,
                    |of, diary, report| counting.collected(world, of, diary, report),
                    |of, report, arrival| {
                        let count = report.events.count();
                        messages.sent += count;
                        match (of.counts, arrival) {
                            (_, Arrival::Again) => messages.again += count,
                            (false, _) => messages.beside += count,
                            (true, Arrival::Late) => messages.late += count,
                            (true, Arrival::Fresh) => {}
                        }
                        let lane = of.lane;
                        writer.report(of, report, |text| send(Message { lane, hour, text }))
                    },
                )?;
                tally.messages = messages;
            }
            for life in alive.extract_if(.., |life| life.is_over(hour + 1)) {
                tally.close(world, &life.installation, life.diary);
            }
        }
        Ok(tally.truth(world))
    }
}
