//! What comes to readers and goes, at once and without asking again and again.

use std::{ffi::CString, thread, time::Duration};

use pcsc::{Context, PNP_NOTIFICATION, ReaderState, Scope, State};

use super::{CardError, Result, service::name_of};

/// How long a wait lasts when nothing happens. The service of macOS does not tell of new readers, so they are looked for.
const WAITING: Duration = Duration::from_secs(if cfg!(target_os = "macos") { 1 } else { 60 });
/// How soon a service that does not run is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// A reader, as the service sees it: no card is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenReader {
    /// The reader's name.
    pub name: String,
    /// Whether something is in it.
    pub is_occupied: bool,
    /// What tells this card from one that was put in later.
    insertion: (u32, Vec<u8>, bool),
}

/// Waits for readers and cards that come and go, and for the service.
#[derive(Default)]
pub struct CardWatch {
    context: Option<Context>,
    states: Vec<ReaderState>,
    told: Option<Result<Vec<SeenReader>>>,
}

impl CardWatch {
    /// Waits until something has changed, a minute at most: every reader, or why there are none; `None` when nothing has. At first it
    /// answers at once. A service that has ended is waited for, too.
    pub fn wait(&mut self) -> Option<Result<Vec<SeenReader>>> {
        if matches!(self.told, Some(Err(_))) {
            thread::sleep(AGAIN);
        }
        let seen = self.look();
        if seen.is_err() {
            // The connection to a service that has ended never works again.
            (self.context, self.states) = (None, Vec::new());
        }
        if self.told.as_ref() == Some(&seen) {
            return None;
        }
        self.told = Some(seen.clone());
        Some(seen)
    }

    /// The readers, once the service has told of a change.
    fn look(&mut self) -> Result<Vec<SeenReader>> {
        let context = match &self.context {
            Some(context) => context.clone(),
            None => self.context.insert(Context::establish(Scope::User)?).clone(),
        };
        self.follow(&names(&context)?);
        // At first only the readers themselves would be told of at once, not that there are none.
        let limit = if matches!(self.told, Some(Ok(_))) { WAITING } else { Duration::ZERO };
        match context.get_status_change(limit, &mut self.states) {
            Ok(()) | Err(pcsc::Error::Timeout) => {}
            // It has gone since it was listed.
            Err(pcsc::Error::UnknownReader | pcsc::Error::ReaderUnavailable) => self.states.clear(),
            Err(error) => return Err(error.into()),
        }
        for state in &mut self.states {
            state.sync_current_state();
        }
        let readers = self.states.iter().filter(|state| state.name() != PNP_NOTIFICATION());
        Ok(readers.filter(|state| !state.event_state().contains(State::UNKNOWN)).map(seen).collect())
    }

    /// Asks about these readers from now on, and about new ones; of those that were there, what is known stays known.
    fn follow(&mut self, names: &[CString]) {
        self.states
            .retain(|state| state.name() == PNP_NOTIFICATION() || names.iter().any(|name| **name == *state.name()));
        let all = names.iter().map(|name| name.as_c_str());
        let all = all.chain((!cfg!(target_os = "macos")).then(PNP_NOTIFICATION));
        for name in all {
            if !self.states.iter().any(|state| state.name() == name) {
                self.states.push(ReaderState::new(name, State::UNAWARE));
            }
        }
    }
}

fn names(context: &Context) -> Result<Vec<CString>> {
    match context.list_readers_owned() {
        Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
        names => names.map_err(CardError::from),
    }
}

/// Whether other programs use the card changes all the time, also by our own looking, and says nothing here.
fn seen(state: &ReaderState) -> SeenReader {
    let now = state.event_state();
    SeenReader {
        name: name_of(state),
        is_occupied: now.contains(State::PRESENT),
        insertion: (state.event_count(), state.atr().to_vec(), now.contains(State::MUTE)),
    }
}
