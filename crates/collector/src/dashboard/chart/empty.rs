//! What is drawn where there is nothing to draw.

use super::Room;
use super::svg::{Anchor, Svg};

/// Says so in the middle of the room.
pub(super) fn empty(room: Room, label: &str) -> String {
    let room = Room {
        height: room.height.min(120.0),
        ..room
    };
    let mut svg = Svg::new(room, label);
    let middle = (room.width / 2.0, room.height / 2.0);
    svg.rect("nothing", (0.5, 0.5), (room.width - 1.0, room.height - 1.0), "");
    svg.text("label", middle, Anchor::Middle, "Not enough data");
    svg.finish()
}
