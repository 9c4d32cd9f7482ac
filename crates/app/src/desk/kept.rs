//! A container that a PIN has unlocked, while the person decides about what stands in the way of saving it: no second PIN is asked for.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    opening::Unlocked,
    view::{Code, FileId},
};

/// How long a person has to decide.
pub(super) const DECIDING: Duration = Duration::from_secs(120);

/// The key of one container at most, never longer than [`DECIDING`], and wiped then.
#[derive(Default)]
pub(super) struct Kept(Mutex<State>);

#[derive(Default)]
struct State {
    kept: Option<(FileId, Unlocked)>,
    /// Counts what was kept, so that the end of an earlier time is passed over.
    turn: u64,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the key of a container, in place of the one before.
    pub(super) fn keep(self: &Arc<Self>, container: FileId, unlocked: Unlocked, time: Duration) {
        let turn = {
            let mut state = self.lock();
            state.turn += 1;
            state.kept = Some((container, unlocked));
            state.turn
        };
        let kept = Arc::downgrade(self);
        let wait = move || {
            thread::sleep(time);
            let Some(kept) = kept.upgrade() else { return };
            let mut state = kept.lock();
            if state.turn == turn {
                state.kept = None;
            }
        };
        if let Err(error) = thread::Builder::new().name("kept".to_owned()).spawn(wait) {
            tracing::warn!(%error, "nothing would end its time");
            self.forget();
        }
    }

    /// The key of this container, if it is kept; no other one stays.
    pub(super) fn take(&self, container: FileId) -> Option<Unlocked> {
        self.lock().kept.take().filter(|(of, _)| *of == container).map(|(_, unlocked)| unlocked)
    }

    pub(super) fn forget(&self) {
        self.lock().kept = None;
    }
}

/// Whether the person can decide about it, and try again.
pub(super) fn is_obstacle(code: Code) -> bool {
    matches!(
        code,
        Code::AlreadyExists
            | Code::UnsafeContent
            | Code::LimitsExceeded
            | Code::NotWritable
            | Code::DiskFull
            | Code::OutputIsInput
    )
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use cdoc2::{Container, Control, DecryptionKey, Encryptor, InputFile, Keyring, Password, Recipient, Zeroizing};

    use super::*;

    /// Of a container that is made for it.
    fn key() -> Unlocked {
        let place = tempfile::tempdir().expect("temporary folder");
        let (letter, sealed) = (place.path().join("letter.txt"), place.path().join("letter.cdoc2"));
        std::fs::write(&letter, "hello").expect("written");
        let password = || Password::new(Zeroizing::new("kolm kassi".to_owned())).expect("a password");
        let files = [InputFile::examine(&letter).expect("a file")];
        let recipient = Recipient::password(password(), "");
        Encryptor::new(vec![recipient]).encrypt_to_file(&files, &sealed, false).expect("encrypted");
        let password = password();
        let keyring = Keyring::new([DecryptionKey::Password(&password)]);
        let container = Container::open(&sealed).expect("a container");
        let key = container.unlock(&keyring, &Control::default()).expect("unlocked");
        Unlocked { key, deceits: Vec::new() }
    }

    #[test]
    fn a_key_is_kept_for_its_container_once_and_for_its_time() {
        let kept = Arc::new(Kept::default());
        kept.keep(1, key(), DECIDING);
        assert!(kept.take(1).is_some() && kept.take(1).is_none(), "once");
        kept.keep(1, key(), DECIDING);
        assert!(kept.take(2).is_none() && kept.take(1).is_none(), "another container ends it");
        kept.keep(1, key(), DECIDING);
        kept.forget();
        assert!(kept.take(1).is_none());
        kept.keep(1, key(), Duration::from_millis(50));
        let until = Instant::now() + Duration::from_secs(10);
        while kept.lock().kept.is_some() {
            assert!(Instant::now() < until, "its time ends");
            thread::sleep(Duration::from_millis(5));
        }
        // The end of an earlier time is not that of a later one.
        kept.keep(1, key(), Duration::from_millis(50));
        kept.keep(1, key(), DECIDING);
        thread::sleep(Duration::from_millis(200));
        assert!(kept.take(1).is_some());
    }
}
