//! Turns the container's progress into what a person wants to know: how fast, how long still.

use std::{
    collections::VecDeque,
    sync::Mutex,
    time::{Duration, Instant},
};

use cdoc2::{Progress, Step};

use crate::view::{ProgressStep, ProgressView};

/// The rate is that of the last seconds.
const WINDOW: Duration = Duration::from_secs(4);
/// Reports come at most this often, but every change of step is reported.
const INTERVAL: Duration = Duration::from_millis(80);
/// Before this time, a rate tells nothing about what is left.
const SETTLED: Duration = Duration::from_millis(500);

/// Measures one operation; shared by its threads.
#[derive(Debug, Default)]
pub struct Meter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    step: Option<Step>,
    reported: Option<Instant>,
    samples: VecDeque<(Instant, u64)>,
}

impl Meter {
    /// Takes a report; gives what to show when it is time to show something.
    pub fn observe(&self, progress: Progress) -> Option<ProgressView> {
        self.observe_at(progress, Instant::now())
    }

    fn observe_at(&self, Progress { step, done, total }: Progress, now: Instant) -> Option<ProgressView> {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.step != Some(step) {
            *state = State { step: Some(step), ..State::default() };
        }
        while state.samples.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            state.samples.pop_front();
        }
        let finished = total == Some(done);
        if !finished && state.reported.is_some_and(|at| now.duration_since(at) < INTERVAL) {
            return None;
        }
        state.reported = Some(now);
        state.samples.push_back((now, done));
        let (begun, first) = state.samples.front().copied()?;
        let elapsed = now.duration_since(begun);
        let rate =
            if elapsed.is_zero() { 0 } else { (done.saturating_sub(first) as f64 / elapsed.as_secs_f64()) as u64 };
        // When all was read, what little of it is unpacked or written still takes a time that nothing tells.
        let left = total.and_then(|total| total.checked_sub(done)).filter(|left| *left > 0);
        let remaining = left.filter(|_| rate > 0 && elapsed >= SETTLED).map(|left| left.div_ceil(rate));
        Some(ProgressView { step: step.into(), done, total, rate, remaining, servers: Vec::new() })
    }
}

impl From<Step> for ProgressStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Unlocking => Self::Unlocking,
            Step::Verifying => Self::Verifying,
            Step::Encrypting => Self::Encrypting,
            Step::Releasing => Self::Releasing,
            _ => Self::Unpacking,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_remaining_time_come_from_the_last_seconds() {
        let (meter, start) = (Meter::default(), Instant::now());
        let at = |seconds: u64, done| {
            let progress = Progress { step: Step::Encrypting, done, total: Some(1000) };
            meter.observe_at(progress, start + Duration::from_secs(seconds))
        };
        assert_eq!(at(0, 0).map(|view| view.remaining), Some(None));
        at(1, 10);
        let view = at(2, 200).expect("reported each second");
        assert_eq!((view.rate, view.remaining), (100, Some(8)));
        let late = at(100, 500).expect("reported");
        assert_eq!(late.rate, 0);
    }

    #[test]
    fn no_time_is_left_to_tell_when_all_was_read_and_the_work_goes_on() {
        let (meter, start) = (Meter::default(), Instant::now());
        let at = |seconds: u64, done| {
            let progress = Progress { step: Step::Unpacking, done, total: Some(1000) };
            meter.observe_at(progress, start + Duration::from_secs(seconds)).expect("reported each second")
        };
        at(0, 0);
        assert_eq!(at(1, 999).remaining, Some(1));
        assert_eq!(at(2, 1000).remaining, None);
    }

    #[test]
    fn reports_are_rare_but_the_last_one_comes() {
        let (meter, start) = (Meter::default(), Instant::now());
        let at = |done| meter.observe_at(Progress { step: Step::Verifying, done, total: Some(9) }, start);
        assert!(at(0).is_some());
        assert!(at(5).is_none());
        assert!(at(9).is_some());
    }
}
