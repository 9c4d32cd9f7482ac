//! Keys at hand that are in no file, in the terms of a window: cards and tokens that come and go, and what is done with them.
//!
//! Cards are talked to by Kapsel itself. PKCS#11 modules are asked afterwards: the one that the person has chosen, and those that are known when
//! there is a card in a reader that Kapsel does not know. What they show of a card that is shown already is left out.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use cdoc2::Zeroizing;
use eid::{RecipientKey, known_modules};

use super::{Desk, Proof};
use crate::{
    cards::{self, CardWatch, Held, SeenReader},
    failure::{Failure, Result},
    opening::Key,
    pin::TypedPin,
    places::shortened,
    recipients::{NewRecipient, base_name},
    tokens,
    view::{
        Code, EncryptionDone, ErrorView, FileId, IdentityView, KeysView, ModuleStateView, OpenDone, OpenDraft,
        ProgressView, ReaderReport, ReaderState, ReaderStateView, RecipientView, SecretEntry,
    },
};

/// Modules are foreign code, and not what a window waits for when it starts.
const AFTER_START: Duration = Duration::from_secs(1);

/// How soon a card that another program uses is looked at again; each time it takes twice as long, up to the last.
const BUSY_FIRST: Duration = Duration::from_secs(2);
const BUSY_LAST: Duration = Duration::from_secs(30);

/// Follows what comes and goes.
type Observer = Arc<dyn Fn(KeysView) + Send + Sync>;

/// What is in the readers, kept up to date by [`Desk::watch_keys`].
#[derive(Default)]
pub(super) struct KeysAtHand {
    state: Mutex<State>,
    /// Held while a change is told of, so that a later one is told later.
    telling: Mutex<()>,
}

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    problem: Option<ErrorView>,
    is_known: bool,
    /// Counts looks, so that an answer about a card that has gone is passed over.
    looks: u64,
    observer: Option<Observer>,
    /// The module that the person has chosen.
    chosen: Option<PathBuf>,
    modules: Vec<Module>,
    /// Counts what makes modules be asked again although nothing has come or gone.
    asked_anew: u64,
    /// Wakes whoever asks them.
    waker: Option<SyncSender<()>>,
    /// Certificates from cards that are recipients of a draft; they stay when the card goes.
    recipients: HashMap<FileId, Vec<u8>>,
}

/// A PKCS#11 module that is asked.
struct Module {
    path: PathBuf,
    is_busy: bool,
    /// What it said last, once it has answered.
    found: Option<Result<Vec<tokens::Held>, tokens::ModuleProblem>>,
}

impl Module {
    fn held(&self) -> &[tokens::Held] {
        self.found.as_ref().and_then(|found| found.as_deref().ok()).unwrap_or_default()
    }

    fn problem(&self) -> Option<&tokens::ModuleProblem> {
        self.found.as_ref()?.as_ref().err()
    }
}

/// What modules are asked about: they are not asked twice about the same.
#[derive(PartialEq)]
struct Question {
    modules: Vec<PathBuf>,
    readers: Vec<SeenReader>,
    asked_anew: u64,
}

struct Slot {
    seen: SeenReader,
    look: u64,
    /// What the look has found, once it is done.
    found: Option<Result<Held, ErrorView>>,
}

impl Slot {
    fn identity(&self) -> Option<&(IdentityView, Vec<u8>)> {
        self.found.as_ref()?.as_ref().ok()?.identity.as_ref()
    }

    fn view(&self) -> ReaderStateView {
        let identity = self.identity().map(|(identity, _)| identity.id.clone());
        let (atr, problem) = match &self.found {
            Some(Ok(held)) => (held.view.atr.clone(), held.view.problem.clone()),
            Some(Err(problem)) => (None, Some(problem.clone())),
            None => (None, None),
        };
        let state = match (&self.found, &identity) {
            _ if !self.seen.is_occupied => ReaderState::Empty,
            (None, _) => ReaderState::Reading,
            (Some(_), Some(_)) => ReaderState::Ready,
            (Some(_), None) => ReaderState::Failed,
        };
        ReaderStateView { name: self.seen.name.clone(), atr, state, identity, problem }
    }

    /// Whether it holds a card that only a module may know.
    fn is_foreign(&self) -> bool {
        self.view().problem.is_some_and(|problem| problem.code == Code::CardUnsupported)
    }

    fn is_busy(&self) -> bool {
        self.view().problem.is_some_and(|problem| problem.code == Code::CardBusy)
    }
}

impl State {
    fn view(&self) -> KeysView {
        KeysView {
            identities: self.cards().chain(self.tokens().map(|(_, held)| &held.identity)).cloned().collect(),
            readers: self.slots.iter().map(Slot::view).collect(),
            modules: self.modules.iter().map(|module| self.module_view(module)).collect(),
            problem: self.problem.clone(),
            is_known: self.is_known,
        }
    }

    /// Cards that Kapsel talks to itself.
    fn cards(&self) -> impl Iterator<Item = &IdentityView> {
        self.slots.iter().filter_map(Slot::identity).map(|(identity, _)| identity)
    }

    /// Keys that only modules show, each once, with the module.
    fn tokens(&self) -> impl Iterator<Item = (&Path, &tokens::Held)> {
        let all = || self.modules.iter().flat_map(|module| module.held().iter().map(|held| (&*module.path, held)));
        all()
            .enumerate()
            .filter(move |(at, (_, held))| {
                let is_known = |other: &IdentityView| other.key_id == held.identity.key_id;
                let before = all().take(*at).any(|(_, other)| is_known(&other.identity));
                !before && !self.cards().any(is_known) && !self.is_card(&held.place)
            })
            .map(|(_, found)| found)
    }

    /// Whether the reader of this name holds a card that Kapsel talks to itself, or may be about to.
    fn is_card(&self, place: &str) -> bool {
        let held = self.slots.iter().filter(|slot| slot.seen.name == place && slot.seen.is_occupied);
        held.into_iter().any(|slot| slot.found.is_none() || slot.identity().is_some())
    }

    fn module_view(&self, module: &Module) -> ModuleStateView {
        let own = self.tokens().filter(|(path, _)| *path == module.path);
        ModuleStateView {
            name: base_name(&module.path),
            folder: shortened(module.path.parent().unwrap_or(Path::new(""))),
            is_chosen: self.chosen.as_ref() == Some(&module.path),
            is_busy: module.is_busy,
            identities: own.map(|(_, held)| held.identity.id.clone()).collect(),
            problem: module.problem().map(|problem| (*problem.view).clone()),
            fault: module.problem().and_then(|problem| problem.fault),
        }
    }

    /// What modules are to be asked about; nothing while a card is looked at, which they would hold up.
    fn question(&self) -> Option<Question> {
        if !self.is_known || self.slots.iter().any(|slot| slot.seen.is_occupied && slot.found.is_none()) {
            return None;
        }
        let mut modules: Vec<_> = self.chosen.iter().cloned().collect();
        if self.slots.iter().any(Slot::is_foreign) {
            modules.extend(known_modules().into_iter().filter(|known| self.chosen.as_ref() != Some(known)));
        }
        let readers = self.slots.iter().map(|slot| slot.seen.clone()).collect();
        Some(Question { modules, readers, asked_anew: self.asked_anew })
    }

    /// From now on these modules are asked; what they said last stays until they have answered.
    fn ask(&mut self, question: &Question) {
        let mut before = std::mem::take(&mut self.modules);
        let module = |path: &PathBuf| {
            let kept = before.iter().position(|module| module.path == *path).map(|at| before.swap_remove(at));
            Module { path: path.clone(), is_busy: true, found: kept.and_then(|module| module.found) }
        };
        self.modules = question.modules.iter().map(module).collect();
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            // When it is full, it is about to wake.
            let _ = waker.try_send(());
        }
    }

    /// Takes what the service says; gives the readers to look into. What has not changed is not looked at again.
    fn take(&mut self, change: Result<Vec<SeenReader>, ErrorView>) -> Vec<(String, u64)> {
        let (readers, problem) = match change {
            Ok(readers) if readers.is_empty() => {
                (readers, Some(Failure::new(Code::NoReader, "no smart-card reader is connected").into_view()))
            }
            Ok(readers) => (readers, None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        (self.problem, self.is_known) = (problem, true);
        let mut before = std::mem::take(&mut self.slots);
        let mut fresh = Vec::new();
        for seen in readers {
            let kept = before.iter().position(|slot| slot.seen == seen).map(|position| before.swap_remove(position));
            let slot = kept.unwrap_or_else(|| {
                self.looks += 1;
                if seen.is_occupied {
                    fresh.push((seen.name.clone(), self.looks));
                }
                Slot { seen, look: self.looks, found: None }
            });
            self.slots.push(slot);
        }
        fresh
    }

    fn slot_of(&self, id: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.identity().is_some_and(|(identity, _)| identity.id == id))
    }
}

impl KeysAtHand {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn view(&self) -> KeysView {
        self.lock().view()
    }

    fn tell(&self) {
        let _turn = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let (view, observer) = {
            let state = self.lock();
            state.wake();
            (state.view(), state.observer.clone())
        };
        if let Some(observer) = observer {
            observer(view);
        }
    }

    fn take(self: &Arc<Self>, change: Result<Vec<SeenReader>, ErrorView>) {
        let fresh = self.lock().take(change);
        self.tell();
        for (reader, look) in fresh {
            self.look(reader, look);
        }
    }

    /// Looks at a card beside everything else: one that does not answer holds up nobody. One that another program uses is looked at
    /// again, as long as it is there.
    fn look(self: &Arc<Self>, reader: String, look: u64) {
        let keys = Arc::downgrade(self);
        let worker = thread::Builder::new().name("look".to_owned()).spawn(move || {
            let mut pause = BUSY_FIRST;
            loop {
                let found = cards::held_in(&reader).map_err(Failure::into_view);
                let Some(keys) = keys.upgrade() else { return };
                let is_busy = {
                    let mut state = keys.lock();
                    let Some(slot) = state.slots.iter_mut().find(|slot| slot.look == look) else { return };
                    slot.found = Some(found);
                    slot.is_busy()
                };
                keys.tell();
                if !is_busy {
                    return;
                }
                drop(keys);
                thread::sleep(pause);
                pause = (pause * 2).min(BUSY_LAST);
            }
        });
        if let Err(error) = worker {
            tracing::warn!(%error, "a card cannot be looked at");
        }
    }

    /// Asks modules, each by itself, whenever there is something new to ask them about.
    fn ask_modules(keys: &Weak<Self>, woken: &Receiver<()>) {
        thread::sleep(AFTER_START);
        let mut asked = None;
        while woken.recv().is_ok() {
            let Some(keys) = keys.upgrade() else { return };
            let question = {
                let mut state = keys.lock();
                let Some(question) = state.question().filter(|question| asked.as_ref() != Some(question)) else {
                    continue;
                };
                state.ask(&question);
                question
            };
            keys.tell();
            let answers: Vec<_> = question.modules.iter().map(|path| keys.ask_module(path.clone())).collect();
            answers.into_iter().flatten().for_each(|answer| drop(answer.join()));
            asked = Some(question);
        }
    }

    fn ask_module(self: &Arc<Self>, path: PathBuf) -> Option<thread::JoinHandle<()>> {
        let keys = Arc::downgrade(self);
        let ask = move || {
            let found = tokens::held_by(&path);
            let Some(keys) = keys.upgrade() else { return };
            if let Some(module) = keys.lock().modules.iter_mut().find(|module| module.path == path) {
                (module.found, module.is_busy) = (Some(found), false);
            }
            keys.tell();
        };
        let worker = thread::Builder::new().name("module".to_owned()).spawn(ask);
        worker.inspect_err(|error| tracing::warn!(%error, "a module cannot be asked")).ok()
    }

    fn ask_modules_anew(&self) {
        let mut state = self.lock();
        state.asked_anew += 1;
        state.wake();
    }

    /// Looks at a card again, such as after its PIN was used. What is known of it stays until then.
    fn look_again(self: &Arc<Self>, wanted: impl Fn(&Slot) -> bool) {
        let mut again = Vec::new();
        {
            let mut state = self.lock();
            let State { slots, looks, .. } = &mut *state;
            for slot in slots.iter_mut().filter(|slot| slot.seen.is_occupied && wanted(slot)) {
                *looks += 1;
                slot.look = *looks;
                again.push((slot.seen.name.clone(), slot.look));
            }
        }
        for (reader, look) in again {
            self.look(reader, look);
        }
    }
}

impl Desk {
    /// The keys at hand, as far as they are known.
    pub fn keys(&self) -> KeysView {
        self.keys.view()
    }

    /// Tells of keys that come and go, as long as the desk is there.
    pub fn watch_keys(&self, observer: impl Fn(KeysView) + Send + Sync + 'static) {
        let (waker, woken) = mpsc::sync_channel(1);
        {
            let chosen = self.settings().module.clone();
            let mut state = self.keys.lock();
            state.observer = Some(Arc::new(observer));
            (state.waker, state.chosen) = (Some(waker), chosen);
        }
        let keys = Arc::downgrade(&self.keys);
        let worker = thread::Builder::new().name("modules".to_owned());
        if let Err(error) = worker.spawn(move || KeysAtHand::ask_modules(&keys, &woken)) {
            tracing::warn!(%error, "modules cannot be asked");
        }
        let keys = Arc::downgrade(&self.keys);
        let worker = thread::Builder::new().name("cards".to_owned()).spawn(move || {
            let mut watch = CardWatch::default();
            while keys.strong_count() > 0 {
                let Some(change) = watch.wait() else { continue };
                let Some(keys) = keys.upgrade() else { return };
                keys.take(change.map_err(|error| cards::failure(&error).into_view()));
            }
        });
        if let Err(error) = worker {
            tracing::warn!(%error, "cards cannot be watched");
        }
    }

    /// Looks at every reader step by step, and at every card anew.
    ///
    /// # Errors
    /// [`Code::NoPcsc`], [`Code::NoReader`].
    pub fn test_keys(&self) -> Result<Vec<ReaderReport>> {
        let reports = cards::reports();
        self.keys.look_again(|_| true);
        self.keys.ask_modules_anew();
        reports
    }

    /// Asks this PKCS#11 module for tokens from now on, beside those that are known, in place of the one before; with `None`, no other one.
    pub fn choose_module(&self, module: Option<PathBuf>) {
        self.change_settings(|settings| settings.module.clone_from(&module));
        self.keys.lock().chosen = module;
        self.keys.ask_modules_anew();
    }

    /// The holder of a key at hand, to be encrypted for. It stays a recipient when the card goes.
    ///
    /// # Errors
    /// [`Code::CardRemoved`] when it is gone already.
    pub fn recipient_from_key(&self, id: &str) -> Result<RecipientView> {
        let mut state = self.keys.lock();
        let gone = || Failure::new(Code::CardRemoved, "no key at hand has this certificate");
        let card = state.slot_of(id).and_then(Slot::identity).map(|(_, der)| der.clone());
        let token = || state.tokens().find(|(_, held)| held.identity.id == id)?.1.certificate.clone();
        let der = card.or_else(token).ok_or_else(gone)?;
        // No file has such a name, so the number stands for nothing else.
        let number = self.grants.grant(format!("certificate:{id}"));
        let view = first_of(&der)?.view(number);
        state.recipients.insert(number, der);
        Ok(view)
    }

    /// A recipient that came from a card.
    pub(super) fn recipient_held(&self, id: FileId) -> Option<Result<NewRecipient>> {
        let der = self.keys.lock().recipients.get(&id).cloned()?;
        Some(first_of(&der))
    }

    /// The key at hand, with the PIN for this one operation; without one, the reader takes it by its PIN pad, or none is needed.
    pub(super) fn key_by_pin(&self, id: &str, pin: Option<TypedPin>, risk_last_try: bool) -> Result<Key> {
        let (reader, token) = {
            let state = self.keys.lock();
            let token = state.tokens().find(|(_, held)| held.identity.id == id);
            let token = token.map(|(module, held)| (module.to_owned(), held.identity.secret.entry));
            (state.slot_of(id).map(|slot| slot.seen.name.clone()), token)
        };
        match (reader, token) {
            (Some(reader), _) => key_of_card(&reader, id, pin, risk_last_try),
            (None, Some((module, entry))) => key_of_token(&module, entry, id, pin, risk_last_try),
            (None, None) => Err(Failure::new(Code::CardRemoved, "the card is in no reader")),
        }
    }

    /// Opens a container by the PIN of the draft's key at hand, which is sent to the card once at most; without a PIN, the reader
    /// asks for it on its PIN pad. With one try left, only with `risk_last_try`.
    ///
    /// # Errors
    /// As [`Desk::open`], and whatever stands between a person and a card.
    pub fn open_with_pin(
        &self,
        draft: &OpenDraft,
        pin: Option<TypedPin>,
        risk_last_try: bool,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<OpenDone> {
        let done = self.open_by(draft, Proof::Pin(pin, risk_last_try), progress);
        self.look_after(draft);
        done
    }

    /// The same for [`Desk::encrypt_again`].
    ///
    /// # Errors
    /// As there, and whatever stands between a person and a card.
    #[expect(clippy::too_many_arguments, reason = "as many as a person gives")]
    pub fn encrypt_again_with_pin(
        &self,
        draft: &OpenDraft,
        pin: Option<TypedPin>,
        risk_last_try: bool,
        new_password: Zeroizing<String>,
        hint: Option<String>,
        output: Option<FileId>,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<EncryptionDone> {
        let proof = Proof::Pin(pin, risk_last_try);
        let done = self.encrypt_again_by(draft, proof, new_password, hint, output, progress);
        self.look_after(draft);
        done
    }

    /// How many tries are left now.
    fn look_after(&self, draft: &OpenDraft) {
        let id = draft.identity.as_deref().unwrap_or_default();
        self.keys.look_again(|slot| slot.identity().is_some_and(|(identity, _)| identity.id == id));
        if self.keys.lock().tokens().any(|(_, held)| held.identity.id == id) {
            self.keys.ask_modules_anew();
        }
    }
}

fn key_of_card(reader: &str, id: &str, pin: Option<TypedPin>, risk_last_try: bool) -> Result<Key> {
    let pin = pin.map(TypedPin::for_card).transpose()?;
    let card = cards::with_certificate(reader, id)?;
    card.check(risk_last_try)?;
    match pin {
        Some(pin) => Ok(card.with_pin(pin, risk_last_try)),
        None if card.view().pin_pad => Ok(card.into_key_by_pad(risk_last_try)),
        None => Err(Failure::new(Code::PinIncorrect, "no PIN was given, and the reader has no PIN pad")),
    }
}

fn key_of_token(
    module: &Path,
    entry: SecretEntry,
    id: &str,
    pin: Option<TypedPin>,
    risk_last_try: bool,
) -> Result<Key> {
    let pin = pin.map(TypedPin::for_token).transpose()?;
    if pin.is_none() && entry == SecretEntry::Typed {
        return Err(tokens::no_pin());
    }
    let token = tokens::with_id(module, id)?;
    token.check(risk_last_try)?;
    Ok(token.with_pin(pin, risk_last_try))
}

fn first_of(der: &[u8]) -> Result<NewRecipient> {
    let unusable = |detail: String| Failure::new(Code::RecipientUnusable, detail);
    let keys = RecipientKey::read(der, None).map_err(|error| unusable(error.to_string()))?;
    let key = keys.into_iter().next().ok_or_else(|| unusable("no certificate".to_owned()))?;
    Ok(NewRecipient::Key { file: "".into(), key: Box::new(key) })
}
