//! A desktop for one test, a window on it, and containers made on the spot.

mod containers;
mod disk;
mod person;
mod stage;
mod window;

pub(crate) use containers::{
    AT_WORK, PASSWORD, big_file, certificate, container, container_with_hint, encrypting, opened,
};
pub(crate) use disk::SmallDisk;
pub(crate) use person::{CODE, Person, enter};
pub(crate) use stage::{APPLICATION, Running, Stage, Watcher, wait_for};
pub(crate) use window::Window;
