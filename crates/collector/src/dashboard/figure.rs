//! A chart with what belongs to it: what it shows, how many installations are behind it, its numbers as a table, and both as files.

use askama::Template;

use super::ask::Ask;
use super::chart::Room;
use super::chart::unit::grouped;
use super::table::Table;
use crate::question::Filter;

/// The figure.
#[derive(Debug, Template)]
#[template(path = "figure.html")]
pub(crate) struct Figure {
    /// Its name within the page.
    pub(crate) id: &'static str,
    title: String,
    about: String,
    behind: String,
    /// As it is drawn where there is room, and as a file.
    pub(crate) wide: String,
    narrow: String,
    /// Whether it has half of a page's width.
    half: bool,
    table: Table,
    csv: Option<String>,
    svg: String,
}

impl Figure {
    /// Draws it twice: for desks and for phones.
    pub(crate) fn new(
        ask: &Ask<'_>,
        id: &'static str,
        title: impl Into<String>,
        room: Room,
        table: Table,
        draw: impl Fn(Room, &str) -> String,
    ) -> Figure {
        let title = title.into();
        Figure {
            wide: draw(room, &title),
            narrow: draw(Room::NARROW, &title),
            half: room.width <= Room::HALF.width,
            svg: ask.query.svg(&ask.path, id),
            id,
            title,
            about: String::new(),
            behind: String::new(),
            table,
            csv: None,
        }
    }

    /// With a sentence on what it shows, and in which unit.
    #[must_use]
    pub(crate) fn about(mut self, about: impl Into<String>) -> Figure {
        self.about = about.into();
        self
    }

    /// With the number of installations behind it.
    #[must_use]
    pub(crate) fn behind(mut self, installations: u64) -> Figure {
        self.behind = installations_of(installations);
        self
    }

    /// With the answer that it is made of, as CSV.
    #[must_use]
    pub(crate) fn csv(
        mut self,
        ask: &Ask<'_>,
        question: &str,
        filter: &Filter,
        more: &[(&str, &str)],
    ) -> Figure {
        self.csv = Some(ask.query.csv(question, filter, more));
        self
    }
}

/// `1 installation`, `2,000 installations`.
pub(crate) fn installations_of(count: u64) -> String {
    match count {
        1 => "1 installation".to_owned(),
        many => format!("{} installations", grouped(super::chart::amount(many), 0)),
    }
}
