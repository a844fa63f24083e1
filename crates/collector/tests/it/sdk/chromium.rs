//! A Chromium without a window.

pub(crate) use heliograph_fleet::chromium::{Chromium, Setup};
