//! The use cases in the terms of a window: files are numbers, results are plain values, one operation runs at a time.
//!
//! - here: what arrives, encrypting, opening
//! - `keys`: cards in readers, and tokens
//! - `kept`: a container that is unlocked already, while the person decides where and how to save it
//! - `secrets`: what the system's keyring keeps
//! - `servers`: capsule servers and the network

mod kept;
mod keys;
mod secrets;
mod servers;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use capsule_client::ListFiles;

use cdoc2::{
    Cancel, Compression, Container, Control, Extraction, InputFile, Limits, NamePolicy, OnConflict, Password, Reading,
    Zeroizing, check_files, check_output, shown_name,
};

use self::{
    kept::{DECIDING, Kept, is_obstacle},
    keys::KeysAtHand,
};
use crate::{
    detection::kind_of,
    encryption::{JAVA_READER_FILES, check_names, encryptor, encryptor_for},
    failure::{Failure, Result},
    files::gather,
    grants::Grants,
    meter::Meter,
    opening::{self, Key, Unlocked, unlock},
    pin::TypedPin,
    places::shortened,
    programs::is_program,
    proposals::{container_beside, folder_beside},
    recipients::{NewRecipient, base_name, now},
    remembered,
    servers::{Access, Refreshing},
    settings::{Recent, Settings, system_language},
    view::{
        Appearance, Chosen, ChosenKind, Code, ContainerView, DeceitView, DemoView, EncryptionDone, EncryptionDraft,
        EncryptionPlan, Existing, FileId, Incoming, KeyFileView, Language, OpenDone, OpenDraft, OpensWith, OutputView,
        PlanWarning, PlannedFile, Position, ProgressStep, ProgressView, RecentView, RecipientKind, RecipientView,
        SavedFile, StartView,
    },
};

/// Files of a result that are shown.
const SHOWN: usize = 1000;

/// Limits that a person raises for one container.
const RAISED_ENTRIES: u64 = 1_000_000;
const RAISED_SIZE: u64 = 256 << 30;

/// A window's view of the program.
pub struct Desk {
    settings_file: Option<PathBuf>,
    private_place: Option<PathBuf>,
    lists: ListFiles,
    settings: Mutex<Settings>,
    grants: Grants,
    running: Mutex<Option<Cancel>>,
    /// Told when the running operation has ended.
    ended: Condvar,
    keys: Arc<KeysAtHand>,
    kept: Arc<Kept>,
}

/// What the person proves to be allowed by.
enum Proof {
    Nothing,
    Password(Zeroizing<String>),
    /// Of the key at hand that the draft names; none where the reader takes it by its PIN pad. The second says that the last try may be risked.
    Pin(Option<TypedPin>, bool),
    /// A PIN was right before something stood in the way of saving.
    Unlocked(Unlocked),
    /// What the keyring keeps under this label.
    Remembered(String),
}

impl Proof {
    /// What the page gives beside a draft.
    fn given(draft: &OpenDraft, password: Option<Zeroizing<String>>) -> Self {
        match (password, &draft.remembered) {
            (Some(password), _) => Self::Password(password),
            (None, Some(label)) => Self::Remembered(label.clone()),
            (None, None) => Self::Nothing,
        }
    }

    /// The password, where it is the container's own and shall be remembered.
    fn to_remember(&self, draft: &OpenDraft) -> Option<Zeroizing<String>> {
        match self {
            Self::Password(password) if draft.remember && draft.key_file.is_none() => Some(password.clone()),
            _ => None,
        }
    }

    /// Whether the container stays unlocked while the person decides. Passwords are given again by whoever has them still.
    fn is_kept(&self) -> bool {
        matches!(self, Self::Pin(..) | Self::Unlocked(_))
    }
}

/// Follows an operation.
type Observer = Arc<dyn Fn(ProgressView) + Send + Sync>;

impl Desk {
    /// Reads the settings; unfinished work goes to `private_place`, servers are those of `lists`.
    pub fn new(settings_file: Option<PathBuf>, private_place: Option<PathBuf>, lists: ListFiles) -> Self {
        let settings = settings_file.as_deref().map(Settings::read).unwrap_or_default();
        Self {
            settings_file,
            private_place,
            lists,
            settings: Mutex::new(settings),
            grants: Grants::default(),
            running: Mutex::new(None),
            ended: Condvar::new(),
            keys: Arc::default(),
            kept: Arc::default(),
        }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        if let Some(file) = &self.settings_file
            && let Err(error) = settings.write(file)
        {
            tracing::warn!(%error, "the settings cannot be written");
        }
    }

    /// What the window needs when it starts; `arguments` are files given on the command line.
    pub fn start(&self, arguments: &[PathBuf]) -> StartView {
        let settings = self.settings().clone();
        let recent = settings.recent.iter().filter(|recent| recent.path.exists()).map(|recent| RecentView {
            id: self.grants.grant(&recent.path),
            name: base_name(&recent.path),
            folder: folder(&recent.path),
            encrypted: recent.encrypted,
            recipients: recent.recipients.clone(),
            at: recent.at,
            until: recent.until,
        });
        StartView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            language: self.language(),
            appearance: settings.appearance,
            recent: recent.collect(),
            servers: self.servers_at_hand(),
            keys: self.keys(),
            demo: demo_card(),
            incoming: (!arguments.is_empty()).then(|| self.incoming(arguments, None)),
        }
    }

    /// Chosen or the system's language.
    pub fn language(&self) -> Language {
        self.settings().language.unwrap_or_else(system_language)
    }

    /// Changes the language.
    pub fn set_language(&self, language: Language) {
        self.change_settings(|settings| settings.language = Some(language));
    }

    /// Changes the appearance.
    pub fn set_appearance(&self, appearance: Appearance) {
        self.change_settings(|settings| settings.appearance = appearance);
    }

    /// Forgets a container used before.
    pub fn forget_recent(&self, id: FileId) {
        if let Ok(path) = self.grants.path(id) {
            self.change_settings(|settings| settings.recent.retain(|recent| recent.path != path));
        }
    }

    fn remember(&self, path: &Path, encrypted: bool, recipients: Vec<String>, until: Option<i64>) {
        // A path that is not absolute means something else tomorrow.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.change_settings(|settings| settings.remember(Recent { path, encrypted, recipients, at: now(), until }));
    }

    /// Takes files from a dialog, a drop or the command line. A single container is for opening; folders become their files.
    pub fn incoming(&self, paths: &[PathBuf], position: Option<Position>) -> Incoming {
        let choice = gather(paths);
        let files = choice.files.into_iter().map(|gathered| match gathered.file {
            Ok(_) => self.chosen_by(&gathered.path, &gathered.chosen),
            Err(failure) => self.unusable(&gathered.path, failure),
        });
        Incoming { files: files.collect(), links_left_out: choice.links_left_out.len() as u32, position }
    }

    /// Takes one file.
    pub fn chosen(&self, path: &Path) -> Chosen {
        self.chosen_by(path, path)
    }

    /// Takes one file, which came by choosing `chosen`: itself, or a folder that it is in.
    fn chosen_by(&self, path: &Path, chosen: &Path) -> Chosen {
        match kind_of(path) {
            Ok(kind) => Chosen {
                id: self.grants.grant_by(path, chosen),
                name: base_name(path),
                folder: folder(path),
                size: path.metadata().map_or(0, |metadata| metadata.len()),
                kind,
                problem: None,
            },
            Err(failure) => self.unusable(path, failure),
        }
    }

    /// Takes a file that was chosen before, as it is now.
    ///
    /// # Errors
    /// [`Code::Internal`] for a number that was never given.
    pub fn chosen_again(&self, id: FileId) -> Result<Chosen> {
        Ok(self.chosen_by(&self.grants.path(id)?, &self.grants.chosen(id)?))
    }

    fn unusable(&self, path: &Path, failure: Failure) -> Chosen {
        Chosen {
            id: self.grants.grant(path),
            name: base_name(path),
            folder: folder(path),
            size: 0,
            kind: ChosenKind::Unusable,
            problem: Some(failure.into_view()),
        }
    }

    /// The path behind a number.
    ///
    /// # Errors
    /// [`Code::Internal`] for a number that was never given.
    pub fn path(&self, id: FileId) -> Result<PathBuf> {
        self.grants.path(id)
    }

    /// The path behind a number, for the system to open: a program or script would run.
    ///
    /// # Errors
    /// [`Code::ProgramNotOpened`]; [`Code::Internal`] for a number that was never given.
    pub fn path_to_open(&self, id: FileId) -> Result<PathBuf> {
        let path = self.grants.path(id)?;
        if is_program(&path) {
            let words = "it is a program or script, and would run";
            return Err(Failure::new(Code::ProgramNotOpened, words).about(base_name(&path)));
        }
        Ok(path)
    }

    /// Where something goes, or went.
    pub fn output(&self, path: impl Into<PathBuf>) -> OutputView {
        let path = path.into();
        OutputView { name: base_name(&path), folder: folder(&path), id: self.grants.grant(path) }
    }

    /// Recipients from certificate and public key files.
    ///
    /// # Errors
    /// The first file that is none.
    pub fn recipients(&self, paths: &[PathBuf]) -> Result<Vec<RecipientView>> {
        paths.iter().map(|path| self.recipient_from(self.grants.grant(path))).collect()
    }

    /// The recipient in a file that was chosen.
    ///
    /// # Errors
    /// [`Code::RecipientUnusable`], [`Code::NotReadable`].
    pub fn recipient_from(&self, id: FileId) -> Result<RecipientView> {
        Ok(self.recipients_in(id)?.1)
    }

    /// A person by code, for whom a key is split over servers.
    ///
    /// # Errors
    /// [`Code::PersonalCodeWrong`].
    pub fn person(&self, code: &str) -> Result<RecipientView> {
        Ok(NewRecipient::person(code)?.view(FileId::MAX))
    }

    /// All keys of a file are recipients together; the first one stands for them.
    fn recipients_in(&self, id: FileId) -> Result<(Vec<NewRecipient>, RecipientView)> {
        if let Some(held) = self.recipient_held(id) {
            let held = held?;
            let view = held.view(id);
            return Ok((vec![held], view));
        }
        let path = self.grants.path(id)?;
        let recipients = NewRecipient::read(&path)?;
        let unusable = || Failure::new(Code::RecipientUnusable, "no certificate or public key").about(base_name(&path));
        let view = recipients.first().ok_or_else(unusable)?.view(id);
        Ok((recipients, view))
    }

    /// What would be encrypted, and what stands in the way.
    pub fn plan_encryption(&self, draft: &EncryptionDraft) -> EncryptionPlan {
        let mut blockers = Vec::new();
        let inputs: Vec<_> = draft.files.iter().map(|file| (file, self.input(file.id, file.name.as_deref()))).collect();
        let names = inputs.iter().map(|(_, input)| input.as_ref().map_or("unreadable", InputFile::name));
        let output = self.draft_output(draft);
        let output_path = self.grants.path(output.id).unwrap_or_default();
        let mut troubles = check_names(names).into_iter();
        let files: Vec<_> = inputs
            .iter()
            .map(|(file, input)| {
                let trouble = troubles.next().flatten();
                match input {
                    Ok(input) => PlannedFile {
                        id: file.id,
                        name: shown_name(input.name()),
                        size: input.size(),
                        safe_name: trouble.as_ref().map(|trouble| trouble.refused.safe_name.clone()),
                        problem: trouble.map(|trouble| trouble.failure.into_view()).or_else(|| {
                            let refused = check_output([input], &output_path).err()?;
                            Some(Failure::from(refused).about(shown_name(input.name())).into_view())
                        }),
                    },
                    Err(failure) => PlannedFile {
                        id: file.id,
                        name: self.grants.path(file.id).map(|path| base_name(&path)).unwrap_or_default(),
                        size: 0,
                        safe_name: None,
                        problem: Some(failure.view().clone()),
                    },
                }
            })
            .collect();
        let (mut keys, mut recipients) = (Vec::new(), Vec::new());
        for id in &draft.recipients {
            match self.recipients_in(*id) {
                Ok((all, view)) => {
                    keys.extend(all);
                    recipients.push(view);
                }
                Err(failure) => blockers.push(failure.into_view()),
            }
        }
        for code in &draft.persons {
            match NewRecipient::person(code) {
                Ok(person) => {
                    recipients.push(person.view(FileId::MAX));
                    keys.push(person);
                }
                Err(failure) => blockers.push(failure.into_view()),
            }
        }
        let delivery = self.planned_delivery(&draft.delivery, keys).unwrap_or_else(|failure| {
            blockers.push(failure.into_view());
            None
        });
        if draft.with_password {
            recipients.push(password_view());
        }
        // What is wrong with a single file stands beside it.
        if files.iter().all(|file| file.problem.is_none()) {
            let inputs: Vec<_> = inputs.into_iter().filter_map(|(_, input)| input.ok()).collect();
            blockers.extend(check_files(&inputs).err().map(|refused| Failure::from(refused).into_view()));
        }
        if recipients.is_empty() {
            blockers.push(Failure::new(Code::NoRecipients, "there is no recipient").into_view());
        }
        let warnings = many_files(files.len()).into_iter().collect();
        let total_size = files.iter().map(|file| file.size).sum();
        EncryptionPlan { files, total_size, recipients, delivery, output, blockers, warnings }
    }

    fn input(&self, id: FileId, name: Option<&str>) -> Result<InputFile> {
        let file = InputFile::examine(self.grants.path(id)?)?;
        Ok(match name {
            Some(name) => file.named(name),
            None => file,
        })
    }

    fn draft_output(&self, draft: &EncryptionDraft) -> OutputView {
        let chosen = draft.output.and_then(|id| self.grants.path(id).ok());
        let first = || draft.files.first().and_then(|file| self.grants.chosen(file.id).ok()).unwrap_or_default();
        self.output(chosen.unwrap_or_else(|| container_beside(&first())))
    }

    /// Encrypts a draft. An output that a dialog proposed to replace is replaced.
    ///
    /// # Errors
    /// Each cause has its code; nothing is left behind.
    pub fn encrypt(
        &self,
        draft: &EncryptionDraft,
        password: Option<Zeroizing<String>>,
        hint: Option<String>,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<EncryptionDone> {
        let files =
            draft.files.iter().map(|file| self.input(file.id, file.name.as_deref())).collect::<Result<Vec<_>>>()?;
        let (mut recipients, mut views) = (Vec::new(), Vec::new());
        for id in &draft.recipients {
            let (keys, view) = self.recipients_in(*id)?;
            recipients.extend(keys);
            views.push(view);
        }
        for code in &draft.persons {
            let person = NewRecipient::person(code)?;
            views.push(person.view(FileId::MAX));
            recipients.push(person);
        }
        if let Some(password) = password {
            recipients.push(password_recipient(password, hint)?);
            views.push(password_view());
        }
        let (recipients, _) = NewRecipient::distinct(recipients);
        let mut plan = self.delivery(&draft.delivery, recipients)?;
        let output = self.draft_output(draft);
        let output_path = self.grants.path(output.id)?;
        // The dialog that chose the place has asked; a proposal is never a file that exists.
        let overwrite = draft.output.is_some();
        let written = self.run(Arc::new(progress), |control, observer| {
            plan.tell(self.watch(ProgressStep::Delivering, observer));
            let encryptor = encryptor_for(&mut plan, Compression::Fast, control);
            Ok(encryptor.encrypt_to_file(&files, &output_path, overwrite)?)
        })?;
        let opens_until = opens_until(&output_path);
        self.remember(&output_path, true, names(&views), opens_until);
        Ok(EncryptionDone {
            output,
            size: written.size,
            files: written.files as u32,
            content_size: written.content_size,
            recipients: views,
            servers: self.names_of(&plan),
            shares: self.shares_of(&plan),
            kept_until: plan.kept_until(),
            opens_until,
            deceits: Vec::new(),
        })
    }

    /// Runs one operation, which [`Desk::cancel`] stops.
    fn run<T>(&self, observer: Observer, operation: impl FnOnce(Control, &Observer) -> Result<T>) -> Result<T> {
        let cancel = Cancel::default();
        let _running = Running::begin(self, cancel.clone())?;
        let (meter, progress) = (Meter::default(), Arc::clone(&observer));
        let control = Control::new(cancel, move |step| {
            if let Some(view) = meter.observe(step) {
                progress(view);
            }
        });
        operation(control, &observer)
    }

    /// Whether an operation runs.
    pub fn is_busy(&self) -> bool {
        self.running().is_some()
    }

    fn running(&self) -> MutexGuard<'_, Option<Cancel>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the running operation and waits until it has cleared away what it began.
    pub fn stop(&self) {
        self.cancel();
        let running = self.running();
        drop(self.ended.wait_while(running, |running| running.is_some()));
    }

    /// Stops the running operation, which ends with [`Code::Cancelled`].
    pub fn cancel(&self) {
        if let Some(cancel) = &*self.running() {
            cancel.cancel();
        }
    }

    /// What a container tells without a key.
    ///
    /// # Errors
    /// [`Code::NotAContainer`], [`Code::OldFormat`], [`Code::UnsupportedFormat`], [`Code::Damaged`], [`Code::NotReadable`].
    pub fn inspect(&self, id: FileId) -> Result<ContainerView> {
        self.kept.forget();
        let path = self.grants.path(id)?;
        let container = Container::open(&path)?;
        container.header().check()?;
        Ok(ContainerView {
            id,
            name: base_name(&path),
            folder: folder(&path),
            size: container.size().unwrap_or(0),
            records: opening::records_by(container.header(), &self.lists),
            remembered: secrets::fitting(container.header()),
            remember_as: secrets::remember_as(container.header()),
            destination: self.output(folder_beside(&path)),
        })
    }

    /// A key file for a container: private keys, or a symmetric key.
    ///
    /// # Errors
    /// When the container cannot be read; what is wrong with the key file is in the view.
    pub fn key_file(&self, path: &Path, container: FileId) -> Result<KeyFileView> {
        self.key_file_from(self.grants.grant(path), container)
    }

    /// The same for a file that was chosen or dropped.
    ///
    /// # Errors
    /// As [`Desk::key_file`].
    pub fn key_file_from(&self, id: FileId, container: FileId) -> Result<KeyFileView> {
        let path = self.grants.path(id)?;
        let container = Container::open(self.grants.path(container)?)?;
        let view = |needs_password, fits, problem: Option<Failure>| KeyFileView {
            id,
            name: base_name(&path),
            needs_password,
            needs_certificate: false,
            fits,
            problem: problem.map(Failure::into_view),
        };
        Ok(match self.load_key(&path, &container, None) {
            Ok(key) => {
                let fits = key.fits(container.header());
                let names = || opening::recipients_in_short(container.header());
                let other = || Failure::new(Code::NotARecipient, "the key is for no record").with_names(names());
                let problem = fits.is_empty().then(other);
                let needs_certificate = key.needs_certificate(container.header());
                KeyFileView { needs_certificate, ..view(false, fits, problem) }
            }
            Err(failure) if failure.code() == Code::KeyFilePasswordNeeded => view(true, Vec::new(), None),
            Err(failure) => view(false, Vec::new(), Some(failure)),
        })
    }

    /// A file without any private key is a symmetric key, when the container asks for one.
    fn load_key(&self, path: &Path, container: &Container, password: Option<&str>) -> Result<Key> {
        let records = opening::records(container.header());
        let wants_secret = records.iter().any(|record| record.opens_with == OpensWith::SecretFile);
        match Key::read_file(path, password) {
            Err(failure) if wants_secret && is_no_key(failure.code()) => Key::read_secret(path),
            result => result,
        }
    }

    fn unlocked(
        &self,
        draft: &OpenDraft,
        proof: Proof,
        control: &Control,
        observer: &Observer,
    ) -> Result<(Container, Unlocked)> {
        let container = Container::open(self.grants.path(draft.container)?)?;
        let mut key = match (draft.key_file, proof) {
            (_, Proof::Unlocked(unlocked)) if container.is_unlocked_by(&unlocked.key) => {
                return Ok((container, unlocked));
            }
            (_, Proof::Unlocked(_)) => {
                return Err(Failure::new(Code::InputChanged, "another container stands in its place now"));
            }
            (_, Proof::Pin(pin, risk_last_try)) => {
                self.key_by_pin(draft.identity.as_deref().unwrap_or_default(), pin, risk_last_try)?
            }
            (_, Proof::Remembered(label)) => secrets::remembered_key(container.header(), &label)?,
            (Some(file), proof) => {
                let path = self.grants.path(file)?;
                let password = if let Proof::Password(password) = &proof { Some(password.as_str()) } else { None };
                self.load_key(&path, &container, password)?
            }
            (None, Proof::Password(password)) => Key::password(password)?,
            (None, Proof::Nothing) => return Err(Failure::new(Code::WrongPassword, "no password was given")),
        };
        if let Some(certificate) = draft.certificate {
            key.certify(&self.grants.path(certificate)?)?;
        }
        let watch = self.watch(ProgressStep::Fetching, observer);
        let access = Access { lists: self.lists.clone(), watch, refreshing: Refreshing::Meanwhile };
        let unlocked = unlock(&container, &[key], &access, control)?;
        Ok((container, unlocked))
    }

    /// Opens a container and saves its files.
    ///
    /// # Errors
    /// Each cause has its code; nothing is saved then.
    pub fn open(
        &self,
        draft: &OpenDraft,
        password: Option<Zeroizing<String>>,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<OpenDone> {
        self.open_by(draft, Proof::given(draft, password), progress)
    }

    /// Opens a container that a PIN has unlocked before something stood in the way of saving it; `None` when its key is no longer kept.
    ///
    /// # Errors
    /// As [`Desk::open`]; [`Code::InputChanged`] when another container stands in its place.
    pub fn open_unlocked(
        &self,
        draft: &OpenDraft,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<Option<OpenDone>> {
        let Some(unlocked) = self.kept.take(draft.container) else { return Ok(None) };
        self.open_by(draft, Proof::Unlocked(unlocked), progress).map(Some)
    }

    /// Forgets the key that is kept for [`Desk::open_unlocked`].
    pub fn lock_again(&self) {
        self.kept.forget();
    }

    fn open_by(
        &self,
        draft: &OpenDraft,
        proof: Proof,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<OpenDone> {
        self.kept.forget();
        let is_kept = proof.is_kept();
        let to_remember = proof.to_remember(draft);
        let container_path = self.grants.path(draft.container)?;
        let destination = match draft.destination {
            Some(id) => self.grants.path(id)?,
            None => folder_beside(&container_path),
        };
        let extraction = Extraction {
            destination: destination.clone(),
            on_conflict: match draft.names.existing {
                Existing::Refuse => OnConflict::Refuse,
                Existing::Overwrite => OnConflict::Overwrite,
                Existing::Rename => OnConflict::Rename,
            },
            inputs: [draft.key_file, draft.certificate]
                .into_iter()
                .flatten()
                .filter_map(|id| self.grants.path(id).ok())
                .collect(),
            private_place: self.private_place.clone(),
        };
        let (saved, recipients, until, deceits, label) = self.run(Arc::new(progress), |control, observer| {
            let (container, unlocked) = self.unlocked(draft, proof, &control, observer)?;
            let recipients = opening::recipients_in_short(container.header());
            let until = opening::opens_until(container.header());
            let deceits = deceits_of(&unlocked);
            let label = remembered::label_for(container.header());
            let saved = container.extract(&unlocked.key, &reading(draft, control), &extraction);
            let saved = self.decided_about(saved, draft.container, is_kept.then_some(unlocked))?;
            Ok((saved, recipients, until, deceits, label))
        })?;
        self.remember(&container_path, false, recipients, until);
        let not_remembered = to_remember.and_then(|password| secrets::remember(label, password));
        let file = |extracted: &cdoc2::Extracted| {
            let path = destination.join(&extracted.saved_as);
            SavedFile {
                is_program: is_program(&path),
                id: self.grants.grant(path),
                name: shown_name(&extracted.saved_as),
                size: extracted.entry.size,
                original_name: extracted
                    .entry
                    .original_name
                    .clone()
                    .or_else(|| (extracted.saved_as != extracted.entry.name).then(|| extracted.entry.name.clone()))
                    .map(|name| shown_name(&name)),
            }
        };
        Ok(OpenDone {
            destination: self.output(&destination),
            files: saved.iter().take(SHOWN).map(file).collect(),
            count: saved.len() as u32,
            total_size: saved.iter().map(|extracted| extracted.entry.size).sum(),
            deceits,
            not_remembered,
        })
    }

    /// A place for a container that is encrypted again, beside the first.
    ///
    /// # Errors
    /// [`Code::Internal`] for a number that was never given.
    pub fn propose_again(&self, container: FileId) -> Result<OutputView> {
        Ok(self.output(container_beside(&self.grants.path(container)?)))
    }

    /// Encrypts a container's files again with a password, for keeping. Their plaintext never touches the disk.
    ///
    /// # Errors
    /// As [`Desk::open`] and [`Desk::encrypt`].
    pub fn encrypt_again(
        &self,
        draft: &OpenDraft,
        password: Option<Zeroizing<String>>,
        new_password: Zeroizing<String>,
        hint: Option<String>,
        output: Option<FileId>,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<EncryptionDone> {
        self.encrypt_again_by(draft, Proof::given(draft, password), new_password, hint, output, progress)
    }

    /// The same for a container that a PIN has unlocked before something stood in the way; `None` when its key is no longer kept.
    ///
    /// # Errors
    /// As there; [`Code::InputChanged`] when another container stands in its place.
    pub fn encrypt_again_unlocked(
        &self,
        draft: &OpenDraft,
        new_password: Zeroizing<String>,
        hint: Option<String>,
        output: Option<FileId>,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<Option<EncryptionDone>> {
        let Some(unlocked) = self.kept.take(draft.container) else { return Ok(None) };
        self.encrypt_again_by(draft, Proof::Unlocked(unlocked), new_password, hint, output, progress).map(Some)
    }

    /// Keeps the key when something stands in the way about which the person can decide.
    fn decided_about<T>(&self, done: cdoc2::Result<T>, container: FileId, unlocked: Option<Unlocked>) -> Result<T> {
        done.map_err(|error| {
            let failure = Failure::from(error);
            if let Some(unlocked) = unlocked.filter(|_| is_obstacle(failure.code())) {
                self.kept.keep(container, unlocked, DECIDING);
            }
            failure
        })
    }

    fn encrypt_again_by(
        &self,
        draft: &OpenDraft,
        proof: Proof,
        new_password: Zeroizing<String>,
        hint: Option<String>,
        output: Option<FileId>,
        progress: impl Fn(ProgressView) + Send + Sync + 'static,
    ) -> Result<EncryptionDone> {
        self.kept.forget();
        let is_kept = proof.is_kept();
        let chosen = output.is_some();
        let output = match output {
            Some(id) => self.output(self.grants.path(id)?),
            None => self.propose_again(draft.container)?,
        };
        let path = self.grants.path(output.id)?;
        let recipient = password_recipient(new_password, hint)?;
        let (written, deceits) = self.run(Arc::new(progress), |control, observer| {
            let (container, unlocked) = self.unlocked(draft, proof, &control, observer)?;
            let deceits = deceits_of(&unlocked);
            let encryptor = encryptor(vec![recipient], Compression::Fast, Control::default());
            let written = container.encrypt_again(&unlocked.key, &reading(draft, control), &encryptor, &path, chosen);
            let written = self.decided_about(written, draft.container, is_kept.then_some(unlocked))?;
            Ok((written, deceits))
        })?;
        let recipients = vec![password_view()];
        self.remember(&path, true, names(&recipients), None);
        Ok(EncryptionDone {
            output,
            size: written.size,
            files: written.files as u32,
            content_size: written.content_size,
            recipients,
            servers: Vec::new(),
            shares: Vec::new(),
            kept_until: None,
            opens_until: None,
            deceits,
        })
    }
}

/// While it lives, an operation runs; also when that panics.
struct Running<'a>(&'a Desk);

impl<'a> Running<'a> {
    fn begin(desk: &'a Desk, cancel: Cancel) -> Result<Self> {
        let mut current = desk.running();
        if current.is_some() {
            return Err(Failure::new(Code::Internal, "another operation is running"));
        }
        *current = Some(cancel);
        Ok(Self(desk))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.0.running() = None;
        self.0.ended.notify_all();
    }
}

/// Who may refuse a container of so many files.
fn many_files(files: usize) -> Option<PlanWarning> {
    if files as u64 > Limits::default().entries {
        Some(PlanWarning::FilesBeyondLimit)
    } else {
        (files > JAVA_READER_FILES).then_some(PlanWarning::ManyFiles)
    }
}

fn reading(draft: &OpenDraft, control: Control) -> Reading {
    let mut reading = Reading { control, ..Reading::default() };
    if draft.names.safe_names {
        reading.names = NamePolicy::UseSafeNames;
    }
    if draft.raise_limits {
        reading.limits.entries = RAISED_ENTRIES;
        reading.limits.total_size = Some(RAISED_SIZE);
    }
    reading
}

fn password_recipient(password: Zeroizing<String>, hint: Option<String>) -> Result<NewRecipient> {
    let hint = hint.map(|hint| hint.trim().to_owned()).filter(|hint| !hint.is_empty());
    Ok(NewRecipient::Password { password: Password::new(password)?, hint })
}

/// A password has no name of its own; the window has a word for it.
fn password_view() -> RecipientView {
    RecipientView {
        id: FileId::MAX,
        name: String::new(),
        initials: String::new(),
        kind: RecipientKind::Password,
        code: None,
        file: String::new(),
        valid_until: None,
        algorithm: "PBKDF2".to_owned(),
        warnings: Vec::new(),
        person: None,
    }
}

/// There is no private key in the file, which may hold a symmetric one.
fn is_no_key(code: Code) -> bool {
    matches!(code, Code::KeyFileUnusable | Code::KeyFileIsPublic)
}

/// As a container that was just written tells it.
fn opens_until(path: &Path) -> Option<i64> {
    opening::opens_until(Container::open(path).ok()?.header())
}

/// The card that `make run` put into a reader, by what it says in the environment.
fn demo_card() -> Option<DemoView> {
    let said = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    Some(DemoView { holder: said("KAPSEL_DEMO_CARD")?, pin: said("KAPSEL_DEMO_PIN")? })
}

fn deceits_of(unlocked: &Unlocked) -> Vec<DeceitView> {
    unlocked.deceits.iter().map(|deceit| deceit.view.clone()).collect()
}

fn names(recipients: &[RecipientView]) -> Vec<String> {
    recipients.iter().map(|recipient| recipient.name.clone()).collect()
}

fn folder(path: &Path) -> String {
    shortened(path.parent().unwrap_or(Path::new("")))
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
