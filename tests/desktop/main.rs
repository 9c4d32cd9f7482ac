//! The real window, driven as a person would: mouse, keyboard, dragged files, second launches. Afterwards the disk is looked at.
//!
//! Needs what `scripts/install test` installs. Each test has a display, a session bus and a home of its own.

mod accessibility;
mod arrivals;
mod cards;
mod damage;
mod journeys;
mod keyboard;
mod memory;
#[path = "../cli/servers/organisation.rs"]
mod organisation;
mod persons;
mod pictures;
mod remembered;
#[path = "../memory/search.rs"]
mod search;
mod servers;
mod start;
mod support;
mod tokens;
