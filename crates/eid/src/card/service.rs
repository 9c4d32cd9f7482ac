//! The system's smart-card service: which readers there are, what is in them, and talking to a card in transactions.

use std::{
    ffi::{CStr, CString},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use cdoc2::{Curve, EcPublicKey, PublicKey, with_wiped_stack};
use pcsc::{Context, Disposition, Protocol, Protocols, ReaderState, Scope, ShareMode, State};

use super::{
    CardError, CardKind, Document, Result, Tries,
    application::{Application, recognised},
    pad::{GET_FEATURES, MAX_FEATURES, Pad},
    transport::{Channel, Talk},
};
use crate::Certificate;

/// How long looking at a card may take. Another program may be in the middle of something.
const LOOKING: Duration = Duration::from_secs(8);
/// How long letting go of a card is waited for.
const LETTING_GO: Duration = Duration::from_secs(2);
/// How long the service takes at most to notice that a card is gone.
const NOTICING: Duration = Duration::from_millis(1500);
/// How long a reader may take to reset a card, and how often it is asked meanwhile.
const RESETTING: Duration = Duration::from_millis(1500);
const ASKING: Duration = Duration::from_millis(50);
/// Most resets by other programs during one use.
const MAX_RESETS: usize = 3;

/// A reader, and what is in it.
#[derive(Debug)]
pub struct CardReader {
    /// The reader's name.
    pub name: String,
    /// What the card answered when it was put in, in hex.
    pub atr: Option<String>,
    /// The card, or why there is none to use.
    pub card: Result<IdCard>,
}

/// An ID-card in a reader, as far as it shows itself without a PIN.
pub struct IdCard {
    /// The reader's name.
    pub reader: String,
    /// Who made it.
    pub kind: CardKind,
    /// What it says of itself.
    pub document: Document,
    /// Tries left of PIN1, when it was looked at.
    pub tries: Tries,
    /// Whether its reader takes the PIN itself.
    pub has_pin_pad: bool,
    /// The certificate of the key that authenticates and decrypts, on P-384.
    pub certificate: Certificate,
    pub(super) key: EcPublicKey,
    pub(super) line: Line,
}

impl std::fmt::Debug for IdCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdCard").field("reader", &self.reader).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Looks into the readers; with `only`, into those with this name, or a part of it in any case. No card is asked for a PIN.
///
/// # Errors
/// [`CardError::NoService`], [`CardError::NotPermitted`], [`CardError::NoReader`]; what is wrong with one card stands beside its reader.
pub fn card_readers(only: Option<&str>) -> Result<Vec<CardReader>> {
    let (context, states) = bounded(LOOKING, states)?;
    let states = chosen(states, only);
    if states.is_empty() {
        return Err(CardError::NoReader(only.map(str::to_owned)));
    }
    // At once: a card that does not answer delays no other.
    let looks: Vec<_> = states
        .into_iter()
        .map(|state| {
            let context = context.clone();
            thread::spawn(move || look(context, state))
        })
        .collect();
    Ok(looks.into_iter().filter_map(|look| look.join().ok()).collect())
}

/// Resets the card in a reader, which forgets that its PIN was right; where there is no such reader or card, nothing is done.
/// One that `may_be_gone` is given the time in which the service would notice.
pub(crate) fn reset_card(reader: &str, may_be_gone: bool) {
    let Ok(name) = CString::new(reader) else { return };
    let reset = move || {
        let context = Context::establish(Scope::User)?;
        let noticing = if may_be_gone { NOTICING } else { Duration::ZERO };
        if is_gone(&context, &name, noticing) {
            return Ok(());
        }
        let card = connect(&context, &name)?;
        card.disconnect(Disposition::ResetCard).map_err(|(_, error)| error.into())
    };
    let _ = bounded(NOTICING + LETTING_GO, reset);
}

/// Whether a reader is empty or gone; the service is given so long to notice.
fn is_gone(context: &Context, reader: &CStr, noticing: Duration) -> bool {
    let until = Instant::now() + noticing;
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    loop {
        match context.get_status_change(Duration::ZERO, &mut states) {
            Err(pcsc::Error::UnknownReader) => return true,
            Err(_) => return false,
            Ok(()) if !states[0].event_state().contains(State::PRESENT) => return true,
            Ok(()) if Instant::now() >= until => return false,
            Ok(()) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Every reader with its state.
fn states() -> Result<(Context, Vec<ReaderState>)> {
    let context = Context::establish(Scope::User)?;
    let names = match context.list_readers_owned() {
        Err(pcsc::Error::NoReadersAvailable) => Vec::new(),
        names => names?,
    };
    let mut states: Vec<_> = names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect();
    if !states.is_empty() {
        context.get_status_change(Duration::ZERO, &mut states)?;
    }
    Ok((context, states))
}

pub(super) fn name_of(state: &ReaderState) -> String {
    state.name().to_string_lossy().into_owned()
}

fn chosen(mut states: Vec<ReaderState>, only: Option<&str>) -> Vec<ReaderState> {
    let Some(only) = only else { return states };
    if states.iter().any(|state| name_of(state) == only) {
        states.retain(|state| name_of(state) == only);
    } else {
        states.retain(|state| name_of(state).to_lowercase().contains(&only.to_lowercase()));
    }
    states
}

fn look(context: Context, state: ReaderState) -> CardReader {
    let seen = state.event_state();
    let name = name_of(&state);
    let atr = Some(hex::encode_upper(state.atr())).filter(|atr| !atr.is_empty() && seen.contains(State::PRESENT));
    let card = if seen.intersects(State::UNKNOWN | State::UNAVAILABLE) {
        Err(CardError::Removed)
    } else if seen.contains(State::MUTE) {
        Err(CardError::Mute)
    } else if seen.contains(State::PRESENT) {
        bounded(LOOKING, move || examine(context, &state))
    } else {
        Err(CardError::NoCard)
    };
    CardReader { name, atr, card }
}

/// What a card shows without a PIN.
fn examine(context: Context, state: &ReaderState) -> Result<IdCard> {
    let unsupported = || CardError::Unsupported { atr: hex::encode_upper(state.atr()) };
    let application = recognised(state.atr()).ok_or_else(unsupported)?;
    let mut line = Line::connect(context, state.name().to_owned(), application)?;
    let Shown { tries, certificate, key, document } =
        line.transact(|application, talk, _| shown(application, talk)).map_err(|error| match error {
            // It has the ATR of such a card, and not its application.
            CardError::Refused { status: 0x6A82, .. } => unsupported(),
            error => error,
        })?;
    Ok(IdCard {
        reader: name_of(state),
        kind: application.kind(),
        document,
        tries,
        has_pin_pad: line.pad.is_some(),
        certificate,
        key,
        line,
    })
}

pub(super) struct Shown {
    tries: Tries,
    certificate: Certificate,
    key: EcPublicKey,
    document: Document,
}

/// The same over any channel.
pub(super) fn shown(application: &dyn Application, talk: &mut Talk<'_>) -> Result<Shown> {
    application.begin(talk)?;
    let tries = application.tries(talk)?;
    let der = application.certificate(talk)?;
    // The file may be larger than what stands in it.
    let certificate = Certificate::from_trusted_der(&der).map_err(|error| CardError::Certificate(error.to_string()))?;
    let key = match &certificate.public_key {
        PublicKey::Ec(key) if key.curve() == Curve::P384 => key.clone(),
        _ => return Err(CardError::Certificate("its key is not on P-384".to_owned())),
    };
    Ok(Shown { tries, certificate, key, document: application.document(talk)? })
}

/// Runs `work`, which the service or another program may hold up, and waits for it so long at most.
pub(super) fn bounded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let worker = thread::Builder::new().name("card".to_owned()).spawn(move || {
        // A thread's stack is used again, or kept for that.
        let result = with_wiped_stack(work);
        drop(sender.send(result));
    });
    worker.map_err(|error| CardError::Service(error.to_string()))?;
    receiver.recv_timeout(limit).unwrap_or_else(|error| match error {
        RecvTimeoutError::Timeout => Err(CardError::TimedOut),
        RecvTimeoutError::Disconnected => Err(CardError::Service("it ended without an answer".to_owned())),
    })
}

fn connect(context: &Context, reader: &CStr) -> Result<pcsc::Card, pcsc::Error> {
    once_reset(|| context.connect(reader, ShareMode::Shared, Protocols::ANY))
}

/// While a reader is resetting a card, such as for somebody who has just let it go, the service knows no protocol of it and says that none
/// fits: that is waited for.
fn once_reset<T>(mut connect: impl FnMut() -> Result<T, pcsc::Error>) -> Result<T, pcsc::Error> {
    let until = Instant::now() + RESETTING;
    loop {
        match connect() {
            Err(pcsc::Error::ProtoMismatch) if Instant::now() < until => thread::sleep(ASKING),
            connected => return connected,
        }
    }
}

/// A connection to a card, which other programs may use between transactions.
pub(super) struct Line {
    context: Context,
    reader: CString,
    application: &'static dyn Application,
    /// When the reader takes PINs itself.
    pad: Option<Pad>,
    /// Taken when it is let go.
    card: Option<pcsc::Card>,
    /// Whether the card knows that the PIN was right, so that others could use the key.
    pub(super) is_open: bool,
}

impl Line {
    fn connect(context: Context, reader: CString, application: &'static dyn Application) -> Result<Self> {
        let card = connect(&context, &reader)?;
        // A reader that has no features, or cannot be asked, has no pad.
        let features =
            card.control(pcsc::ctl_code(GET_FEATURES.into()), &[], &mut [0; MAX_FEATURES]).ok().and_then(Pad::of);
        Ok(Self { context, reader, application, pad: features, card: Some(card), is_open: false })
    }

    /// Does `work` in one transaction, in which no other program gets between. When another one has reset the card, begins anew and
    /// says so by the last argument.
    pub(super) fn transact<T>(
        &mut self,
        mut work: impl FnMut(&dyn Application, &mut Talk<'_>, &mut bool) -> Result<T>,
    ) -> Result<T> {
        for _ in 0..MAX_RESETS {
            match self.transact_once(&mut work) {
                Err(CardError::Reset) => {
                    self.is_open = false;
                    let card = self.card.as_mut().expect("taken when it is let go only");
                    once_reset(|| card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard))?;
                }
                Err(error) => return Err(self.explained(error)),
                done => return done,
            }
        }
        Err(CardError::Busy)
    }

    fn transact_once<T>(
        &mut self,
        work: &mut impl FnMut(&dyn Application, &mut Talk<'_>, &mut bool) -> Result<T>,
    ) -> Result<T> {
        let card = self.card.as_mut().expect("taken when it is let go only");
        let transaction = card.transaction()?;
        let is_t0 = transaction.status2_owned()?.protocol2() == Some(Protocol::T0);
        let mut channel = Carried { is_t0, pad: self.pad, transaction: &transaction };
        let result = work(self.application, &mut Talk(&mut channel), &mut self.is_open);
        // It ends in any case, when it is dropped at the latest.
        let _ = transaction.end(Disposition::LeaveCard);
        result
    }

    /// A card that is gone fails in many ways.
    fn explained(&self, error: CardError) -> CardError {
        if matches!(error, CardError::Service(_) | CardError::Mute | CardError::Misbehaved { .. })
            && is_gone(&self.context, &self.reader, NOTICING)
        {
            return CardError::Removed;
        }
        error
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(card) = self.card.take() else { return };
        // An open card is reset, so that no other program uses the key by this PIN; any other one is left as it is.
        let end = if self.is_open { Disposition::ResetCard } else { Disposition::LeaveCard };
        let _ = bounded(LETTING_GO, move || card.disconnect(end).map_err(|(_, error)| error.into()));
    }
}

/// A transaction that carries commands.
struct Carried<'a, 'tx> {
    pad: Option<Pad>,
    transaction: &'a pcsc::Transaction<'tx>,
    is_t0: bool,
}

impl Channel for Carried<'_, '_> {
    fn transmit<'a>(&mut self, command: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        self.transaction.transmit(command, buffer).map_err(|error| match error {
            pcsc::Error::InsufficientBuffer => {
                CardError::Misbehaved { command: "a command", what: "its answer is too long" }
            }
            error => error.into(),
        })
    }

    fn enter_pin<'a>(&mut self, structure: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        let entered = match self.pad {
            Some(Pad::Direct(code)) => self.transaction.control(code.into(), structure, buffer),
            Some(Pad::Steps { start, finish }) => self
                .transaction
                .control(start.into(), structure, &mut [0; 2])
                .and_then(|_| self.transaction.control(finish.into(), &[], buffer)),
            None => return Err(CardError::Service("the reader has no PIN pad".to_owned())),
        };
        entered.map_err(|error| match error {
            pcsc::Error::Timeout => CardError::PadTimedOut,
            pcsc::Error::Cancelled | pcsc::Error::CancelledByUser => CardError::PadCancelled,
            error => error.into(),
        })
    }

    fn is_t0(&self) -> bool {
        self.is_t0
    }
}
