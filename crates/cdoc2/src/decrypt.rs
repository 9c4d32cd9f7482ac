//! Reading a container: inspect it without a key, unlock it, verify it, and only then release what is in it.
//!
//! A file is read twice over one open handle: first its tag is computed, which needs no decryption; only when that is right it is
//! decrypted, inflated and unpacked, and every mebibyte is compared with the first reading, so that a file that changes
//! in between is noticed. A pipe can be read only once: what comes out stays in a private folder until the tag was right.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use crate::{
    Error, Result,
    archive::{Begun, Entry, EntrySink, NamePolicy, Unpacker, Writer},
    encrypt::{Destination, Encryptor, Written, is_same_file},
    envelope::{Envelope, fill},
    error::Refusal,
    flush::FlushedAhead,
    header::Header,
    limits::Limits,
    payload::{
        MAX_PAYLOAD, PIECE,
        aead::{Decryption, TAG_LENGTH, Tag},
        deflate::PieceWriter,
        inflate::Inflater,
        pipe::{Emptying, Filling, LOT, pipe},
        witness::Witness,
    },
    progress::{Control, Step},
    release::{OnConflict, PrivateFolder, Release, folder_of, free_space, sync_folder},
    unlock::{FileMasterKey, Keyring, unlock},
    wiping::with_wiped_stack,
};

/// Bytes that are inflated at once.
const INFLATED: usize = 512 << 10;
/// Up to this number, each saved file is flushed by itself; above it, the whole volume once.
const FLUSHED_ONE_BY_ONE: usize = 16;

/// A container whose header has been read. Nothing of it is authenticated yet.
pub struct Container {
    envelope: Envelope,
    header: Header,
    input: Input,
}

enum Input {
    /// Read twice.
    File { file: File, path: PathBuf, size: u64 },
    /// Read once.
    Stream(Box<dyn Read + Send>),
}

/// How content is read: what is accepted, and who watches.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What is accepted at most.
    pub limits: Limits,
    /// What happens to names that are not safe.
    pub names: NamePolicy,
    /// Watches and stops the reading.
    pub control: Control,
}

/// Where and how files are saved.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// The folder; made when its parent exists.
    pub destination: PathBuf,
    /// What happens when a file exists there.
    pub on_conflict: OnConflict,
    /// Files that are never replaced, the key's for example; the container itself is one of them anyhow.
    pub inputs: Vec<PathBuf>,
    /// A folder for unfinished work, used when it is on the destination's volume; else the destination itself is.
    pub private_place: Option<PathBuf>,
}

/// A file that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// The file in the container; its name is the one proposed when [`NamePolicy::UseSafeNames`] changed it.
    pub entry: Entry,
    /// The name it was saved under, which has a number when [`OnConflict::Rename`] had to keep both.
    pub saved_as: String,
}

impl Container {
    /// Opens a container file. A pipe or a device is read as a stream.
    ///
    /// # Errors
    /// [`Error::NotReadable`] and what [`Container::from_stream`] says of the content.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let mut file = File::open(&path).map_err(|error| Error::reading(&path, error))?;
        let metadata = file.metadata().map_err(|error| Error::reading(&path, error))?;
        if metadata.is_dir() {
            return Err(Error::Refused(Refusal::NotAFile(path)));
        }
        if !metadata.is_file() {
            return Self::from_stream(file);
        }
        let size = metadata.len();
        let envelope = Envelope::read(&mut file).map_err(|error| reading(error, &path))?;
        let payload = size.checked_sub(envelope.length()).and_then(|rest| rest.checked_sub(TAG_LENGTH as u64));
        match payload {
            None => return Err(Error::Truncated),
            Some(length) if length > MAX_PAYLOAD => return Err(Error::malformed("the payload exceeds 256 GiB")),
            Some(_) => {}
        }
        Self::with(envelope, Input::File { file, path, size })
    }

    /// Reads a container that comes once, from a pipe.
    ///
    /// # Errors
    /// [`Error::NotCdoc2`], [`Error::OldFormat`], [`Error::UnsupportedVersion`], [`Error::Truncated`], [`Error::Malformed`].
    pub fn from_stream(mut stream: impl Read + Send + 'static) -> Result<Self> {
        let envelope = Envelope::read(&mut stream)?;
        Self::with(envelope, Input::Stream(Box::new(stream)))
    }

    fn with(mut envelope: Envelope, input: Input) -> Result<Self> {
        let header = Header::read(std::mem::take(&mut envelope.header))?;
        let (records, skipped, bytes) = (header.records().len(), header.skipped().len(), header.bytes().len());
        tracing::debug!(records, skipped, header_bytes = bytes, "it is a CDOC2 container of version 2");
        Ok(Self { envelope, header, input })
    }

    /// For whom it is encrypted. Not authenticated: anybody can write a header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the container; `None` for a stream.
    pub fn size(&self) -> Option<u64> {
        match &self.input {
            Input::File { size, .. } => Some(*size),
            Input::Stream(_) => None,
        }
    }

    /// Finds a record that a key of `keyring` opens, and proves the header authentic.
    ///
    /// # Errors
    /// [`Error::NoKeyFits`], [`Error::WrongKey`], [`Error::Tampered`], [`Error::WrongCapsule`], [`Error::WrongShares`], [`Error::Key`],
    /// [`Error::Fetch`], [`Error::Cancelled`];
    /// [`Error::Untried`] around one of these; [`Error::LimitExceeded`] for a password's iterations.
    pub fn unlock(&self, keyring: &Keyring<'_>, control: &Control) -> Result<FileMasterKey> {
        with_wiped_stack(|| unlock(&self.header, &self.envelope.mac, keyring, control))
    }

    /// Whether this key is the one of this container, which may have been opened anew since: whether the header is authentic under it.
    pub fn is_unlocked_by(&self, key: &FileMasterKey) -> bool {
        with_wiped_stack(|| key.fmk.authenticates(self.header.bytes(), &self.envelope.mac))
    }

    /// Names and sizes of the files, after everything was verified. Nothing is written.
    ///
    /// # Errors
    /// See [`Container::extract`].
    pub fn list(self, key: &FileMasterKey, reading: &Reading) -> Result<Vec<Entry>> {
        let mut payload = self.into_payload(key, &reading.control)?;
        Ok(payload.unpack(reading, Listing::default())?.entries)
    }

    /// Saves the files: all of them, or none.
    ///
    /// # Errors
    /// [`Error::Tampered`] whenever the payload is not authentic, whatever else is wrong with it; [`Error::Malformed`],
    /// [`Error::UnsafeNames`], [`Error::NotARegularFile`], [`Error::LimitExceeded`] for what its sender wrote; [`Error::AlreadyExists`],
    /// [`Error::DiskFull`], [`Error::NotWritable`] for the destination; [`Error::InputChanged`]; [`Error::Cancelled`].
    pub fn extract(self, key: &FileMasterKey, reading: &Reading, extraction: &Extraction) -> Result<Vec<Extracted>> {
        let container = match &self.input {
            Input::File { path, .. } => Some(path.clone()),
            Input::Stream(_) => None,
        };
        let mut payload = self.into_payload(key, &reading.control)?;
        let folder = Folder::prepare(extraction, container)?;
        let folder = payload.unpack(reading, folder)?;
        reading.control.report(Step::Releasing, 0, None)?;
        folder.release()
    }

    /// Writes the content of the only file to `output`. From a stream, it waits in a private folder until it is verified.
    ///
    /// # Errors
    /// [`Error::Refused`] with [`Refusal::NotOneFile`] when there is another number of files; see [`Container::extract`].
    pub fn write_only_file(
        self,
        key: &FileMasterKey,
        reading: &Reading,
        output: &mut (dyn Write + Send),
    ) -> Result<Entry> {
        let mut payload = self.into_payload(key, &reading.control)?;
        if let Source::Stream(_) = payload.source {
            let spooling = |error| Error::writing(std::env::temp_dir(), error);
            let spool = tempfile::tempfile().map_err(spooling)?;
            let mut spooled = payload.unpack(reading, OneFile::new(spool, spooling))?;
            let entry = match (spooled.entry, spooled.files) {
                (Some(entry), 1) => entry,
                (_, files) => return Err(Error::Refused(Refusal::NotOneFile(files))),
            };
            spooled.output.seek(SeekFrom::Start(0)).map_err(spooling)?;
            std::io::copy(&mut spooled.output, output).map_err(not_taken)?;
            output.flush().map_err(not_taken)?;
            return Ok(entry);
        }
        // The whole archive is looked at before its first byte goes out: a pipe takes nothing back.
        let entries = payload.unpack(reading, Listing::default())?.entries;
        let [entry] =
            <[Entry; 1]>::try_from(entries).map_err(|entries| Error::Refused(Refusal::NotOneFile(entries.len())))?;
        payload.unpack(reading, OneFile::new(&mut *output, not_taken))?;
        output.flush().map_err(not_taken)?;
        Ok(entry)
    }

    /// Encrypts the files for others, without their plaintext ever being on disk.
    ///
    /// # Errors
    /// As [`Container::extract`] and [`Encryptor::encrypt_to_file`].
    pub fn encrypt_again(
        self,
        key: &FileMasterKey,
        reading: &Reading,
        encryptor: &Encryptor<'_>,
        output: &Path,
        overwrite: bool,
    ) -> Result<Written> {
        if let Input::File { path, .. } = &self.input
            && is_same_file(path, output)
        {
            return Err(Error::Refused(Refusal::OutputIsInput(output.to_owned())));
        }
        let mut payload = self.into_payload(key, &reading.control)?;
        let fill = |file: &mut (dyn Write + Send)| {
            let (mut files, mut content_size) = (0, 0);
            let size = encryptor.write(file, output, |pieces| {
                let repacking = Repacking { archive: Writer::new(pieces), files: 0, content_size: 0 };
                let repacked = payload.unpack(reading, repacking)?;
                (files, content_size) = (repacked.files, repacked.content_size);
                if files == 0 {
                    return Err(Error::Refused(Refusal::NoFiles));
                }
                repacked.archive.finish().map_err(Error::Io)?;
                Ok(())
            })?;
            Ok(Written { size, content_size, files })
        };
        Destination { path: output, overwrite }.fill(fill, &reading.control)
    }

    /// Makes the payload readable; a file's tag is verified here.
    fn into_payload(self, key: &FileMasterKey, control: &Control) -> Result<Payload> {
        let Self { envelope, header, input } = self;
        let envelope = Envelope { header: header.into_bytes(), ..envelope };
        let aad = envelope.aad();
        let decryption = || with_wiped_stack(|| Decryption::new(&key.fmk.payload_keys(), &envelope.nonce, &aad));
        match input {
            Input::Stream(stream) => {
                Ok(Payload { source: Source::Stream(Some(Box::new((stream, decryption())))), container_size: None })
            }
            Input::File { file, path, size } => {
                let start = envelope.length();
                let verified = Verified::by_reading(file, path, start..size, decryption(), control)?;
                let decryptions = [decryption(), decryption()].into();
                Ok(Payload { source: Source::File { verified, decryptions }, container_size: Some(size) })
            }
        }
    }
}

/// Adds the path to what went wrong while a file was read.
fn reading(error: Error, path: &Path) -> Error {
    match error {
        Error::Io(error) => Error::reading(path, error),
        other => other,
    }
}

/// A file whose tag was right, and what is needed to notice that it changes.
struct Verified {
    file: File,
    path: PathBuf,
    ciphertext: Range<u64>,
    /// Has seen each [`PIECE`].
    witness: Witness,
}

impl Verified {
    fn by_reading(
        mut file: File,
        path: PathBuf,
        payload: Range<u64>,
        mut decryption: Decryption,
        control: &Control,
    ) -> Result<Self> {
        let ciphertext = payload.start..payload.end - TAG_LENGTH as u64;
        let total = ciphertext.end - ciphertext.start;
        let mut witness = Witness::of((total / PIECE as u64) as usize + 1);
        let mut done = 0;
        let see = |_, piece: &[u8]| {
            witness.see(piece);
            true
        };
        in_pieces(&file, &path, &ciphertext, see, |piece| {
            control.report(Step::Verifying, done, Some(total))?;
            decryption.authenticate(&piece);
            done += piece.len() as u64;
            Ok(Some(piece))
        })?;
        let mut tag = [0; TAG_LENGTH];
        if fill(&mut file, &mut tag).map_err(|error| Error::reading(&path, error))? < tag.len() {
            return Err(Error::InputChanged(path));
        }
        decryption.verify(&tag)?;
        tracing::debug!(bytes = total, "the whole container is authentic");
        control.report(Step::Verifying, total, Some(total))?;
        Ok(Self { file, path, ciphertext, witness })
    }

    /// Reads, compares and decrypts the file once more.
    fn decrypt(&self, mut decryption: Decryption, pieces: &Filling, control: &Control) -> Result<()> {
        let total = self.ciphertext.end - self.ciphertext.start;
        let mut done = 0;
        let is_same = |place, piece: &[u8]| self.witness.knows(place, piece);
        in_pieces(&self.file, &self.path, &self.ciphertext, is_same, |mut piece| {
            control.report(Step::Unpacking, done, Some(total))?;
            decryption.decrypt(&mut piece);
            done += piece.len() as u64;
            let Some(spare) = pieces.take() else { return Ok(None) };
            Ok(pieces.give(piece).then_some(spare))
        })?;
        control.report(Step::Unpacking, done, Some(total))
    }
}

/// Reads a part of a file in whole [`PIECE`]s, on a thread of its own. There, `accept` looks at each piece and its number; what it does not accept
/// has changed. For each piece, in order, `each` gives back a buffer, or nothing when it wants no more.
fn in_pieces(
    file: &File,
    path: &Path,
    part: &Range<u64>,
    accept: impl FnMut(usize, &[u8]) -> bool + Send,
    mut each: impl FnMut(Vec<u8>) -> Result<Option<Vec<u8>>>,
) -> Result<()> {
    let (filling, pieces) = pipe(LOT, PIECE.min((part.end - part.start) as usize));
    thread::scope(|scope| {
        let reading = scope.spawn(move || read_pieces(file, path, part, accept, &filling));
        // Dropped on every way out: else the reading thread would wait for it.
        let pieces = pieces;
        while let Some(piece) = pieces.next() {
            match each(piece)? {
                Some(spare) => pieces.give_back(spare),
                None => return Ok(()),
            }
        }
        reading.join().expect("reading does not panic")
    })
}

fn read_pieces(
    mut file: &File,
    path: &Path,
    part: &Range<u64>,
    mut accept: impl FnMut(usize, &[u8]) -> bool,
    pieces: &Filling,
) -> Result<()> {
    file.seek(SeekFrom::Start(part.start)).map_err(|error| Error::reading(path, error))?;
    for (place, start) in part.clone().step_by(PIECE).enumerate() {
        let length = (part.end - start).min(PIECE as u64) as usize;
        let Some(mut piece) = pieces.take() else { break };
        piece.resize(length, 0);
        let read = fill(&mut file, &mut piece).map_err(|error| Error::reading(path, error))?;
        if read < length || !accept(place, &piece) {
            return Err(Error::InputChanged(path.to_owned()));
        }
        if !pieces.give(piece) {
            break;
        }
    }
    Ok(())
}

/// A stream that is read on a thread of its own. Who waits in a reading for bytes that do not come cannot be stopped; who waits for that thread
/// can, and leaves it behind.
struct Incoming {
    pieces: Emptying,
    reading: thread::JoinHandle<std::io::Result<()>>,
}

impl Incoming {
    fn begin(mut stream: Box<dyn Read + Send>) -> Self {
        let (filling, pieces) = pipe(LOT, PIECE);
        let reading = thread::spawn(move || {
            while let Some(mut piece) = filling.take() {
                piece.resize(PIECE, 0);
                let length = fill(&mut stream, &mut piece)?;
                piece.truncate(length);
                if !filling.give(piece) || length < PIECE {
                    break;
                }
            }
            Ok(())
        });
        Self { pieces, reading }
    }

    /// Why nothing more came.
    fn end(self) -> Result<()> {
        self.reading.join().expect("reading does not panic").map_err(Error::Io)
    }
}

/// Decrypts a stream whose tag comes last. Reads to the end even when nobody takes the plaintext any more: whether the
/// stream is authentic decides which error is reported.
fn decrypt_stream(
    stream: Box<dyn Read + Send>,
    mut decryption: Decryption,
    pieces: &Filling,
    control: &Control,
) -> Result<()> {
    let incoming = Incoming::begin(stream);
    let mut wanted = true;
    let mut done = 0;
    // Always holds back the last 16 bytes, which may be the tag.
    let mut held = Vec::with_capacity(TAG_LENGTH);
    let mut spare = Vec::new();
    control.report(Step::Unpacking, done, None)?;
    while let Some(read) = incoming.pieces.next_unless_stopped(control)? {
        let mut piece = if wanted { pieces.take() } else { None }.unwrap_or_else(|| {
            wanted = false;
            std::mem::take(&mut spare)
        });
        piece.clear();
        piece.extend_from_slice(&held);
        piece.extend_from_slice(&read);
        incoming.pieces.give_back(read);
        let length = piece.len().saturating_sub(TAG_LENGTH);
        held.clear();
        held.extend_from_slice(&piece[length..]);
        piece.truncate(length);
        done += length as u64;
        if done > MAX_PAYLOAD {
            return Err(Error::malformed("the payload exceeds 256 GiB"));
        }
        decryption.authenticate(&piece);
        if wanted {
            decryption.decrypt(&mut piece);
            wanted = pieces.give(piece);
        } else {
            spare = piece;
        }
        control.report(Step::Unpacking, done, None)?;
    }
    incoming.end()?;
    let tag: Tag = held.try_into().map_err(|_| Error::Truncated)?;
    decryption.verify(&tag)
}

/// Plaintext to be had.
struct Payload {
    source: Source,
    container_size: Option<u64>,
}

enum Source {
    /// Verified already; two readings are possible.
    File { verified: Verified, decryptions: Vec<Decryption> },
    /// Verified at its end.
    Stream(Option<Box<(Box<dyn Read + Send>, Decryption)>>),
}

impl Source {
    /// Reads once more, and hands over the plaintext.
    fn decrypt(&mut self, pieces: &Filling, control: &Control) -> Result<()> {
        match self {
            Self::File { verified, decryptions } => {
                let decryption = decryptions.pop().expect("at most two readings of a file");
                verified.decrypt(decryption, pieces, control)
            }
            Self::Stream(stream) => {
                let (stream, decryption) = *stream.take().expect("one reading of a stream");
                decrypt_stream(stream, decryption, pieces, control)
            }
        }
    }
}

impl Payload {
    /// Unpacks into `sink`, which is given back only when everything was authentic and in order.
    fn unpack<S: EntrySink>(&mut self, reading: &Reading, sink: S) -> Result<S> {
        let total = reading.limits.total_size_for(self.container_size.unwrap_or(0));
        let mut unpacker = Unpacker::new(reading.limits.clone(), total, reading.names, sink);
        let capacity = self.container_size.map_or(PIECE, |size| PIECE.min(size as usize)) + TAG_LENGTH;
        let (pieces, decrypted) = pipe(LOT, capacity);
        let (inflated, plain) = pipe(LOT, INFLATED);
        let control = &reading.control;
        thread::scope(|scope| {
            let source = &mut self.source;
            let decrypting = scope.spawn(move || with_wiped_stack(|| source.decrypt(&pieces, control)));
            let inflating = scope.spawn(move || inflate(&decrypted, &inflated));
            let unpacked = unpack(&mut unpacker, plain);
            let inflated = inflating.join().expect("inflating does not panic");
            let decrypted = decrypting.join().expect("decrypting does not panic");
            // Only when the bytes were authentic it matters what was in them; what stopped the later stages comes
            // before what that made of the earlier ones.
            decrypted.and(unpacked).and(inflated)
        })?;
        unpacker.finish()
    }
}

fn unpack<S: EntrySink>(unpacker: &mut Unpacker<S>, plain: Emptying) -> Result<()> {
    while let Some(piece) = plain.next() {
        unpacker.push(&piece)?;
        plain.give_back(piece);
    }
    Ok(())
}

/// The middle of the pipeline. When its end is gone, it stops with an error that nobody is told.
fn inflate(decrypted: &Emptying, inflated: &Filling) -> Result<()> {
    let mut inflater = Inflater::new();
    let Some(mut buffer) = inflated.take() else { return Ok(()) };
    buffer.clear();
    let hand_over = |buffer: &mut Vec<u8>| {
        let taken = inflated.exchange(buffer);
        buffer.clear();
        if taken { Ok(()) } else { Err(Error::Cancelled) }
    };
    while let Some(piece) = decrypted.next() {
        inflater.push(&piece, &mut buffer, hand_over)?;
        decrypted.give_back(piece);
    }
    inflater.finish(&mut buffer, hand_over)
}

/// Remembers what is in the archive.
#[derive(Default)]
struct Listing {
    entries: Vec<Entry>,
}

impl EntrySink for Listing {
    fn begin(&mut self, entry: &Entry) -> Result<Begun> {
        self.entries.push(entry.clone());
        Ok(Begun::Yes)
    }

    fn data(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// How a pipe is called that has no name.
pub(crate) const STANDARD_OUTPUT: &str = "standard output";

/// Sorts why a pipe takes no more.
fn not_taken(error: std::io::Error) -> Error {
    Error::writing(STANDARD_OUTPUT, error)
}

/// Writes the content of a single file; of others, it says how many there are.
struct OneFile<W> {
    output: W,
    /// Names what could not be written.
    failed: fn(std::io::Error) -> Error,
    /// The first.
    entry: Option<Entry>,
    files: usize,
}

impl<W> OneFile<W> {
    fn new(output: W, failed: fn(std::io::Error) -> Error) -> Self {
        Self { output, failed, entry: None, files: 0 }
    }
}

impl<W: Write> EntrySink for OneFile<W> {
    fn begin(&mut self, entry: &Entry) -> Result<Begun> {
        self.files += 1;
        self.entry.get_or_insert_with(|| entry.clone());
        Ok(Begun::Yes)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        if self.files > 1 {
            return Ok(());
        }
        self.output.write_all(bytes).map_err(self.failed)
    }

    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Puts every file into a new archive.
struct Repacking<'a> {
    archive: Writer<&'a mut PieceWriter>,
    files: usize,
    content_size: u64,
}

impl EntrySink for Repacking<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<Begun> {
        self.files += 1;
        self.content_size += entry.size;
        self.archive.begin(&entry.name, entry.size, entry.modified).map_err(Error::Io)?;
        Ok(Begun::Yes)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.archive.data(bytes).map_err(Error::Io)
    }

    fn end(&mut self) -> Result<()> {
        self.archive.end().map_err(Error::Io)
    }
}

/// Saves every file in a private folder, until they are released.
struct Folder<'a> {
    extraction: &'a Extraction,
    container: Option<PathBuf>,
    /// Whether the destination is there already, with files of its own.
    destination_exists: bool,
    private: PrivateFolder,
    /// In the private folder.
    files: PathBuf,
    entries: Vec<Entry>,
    /// The file that is being saved.
    current: Option<FlushedAhead<File>>,
}

impl<'a> Folder<'a> {
    fn prepare(extraction: &'a Extraction, container: Option<PathBuf>) -> Result<Self> {
        let destination = &extraction.destination;
        let destination_exists = match destination.metadata() {
            Ok(metadata) if metadata.is_dir() => true,
            Ok(_) => return Err(Error::AlreadyExists(destination.clone())),
            Err(_) => false,
        };
        let volume = if destination_exists { destination } else { folder_of(destination) };
        let private = PrivateFolder::create(volume, extraction.private_place.as_deref())?;
        let files = private.make_folder("files")?;
        Ok(Self { extraction, container, destination_exists, private, files, entries: Vec::new(), current: None })
    }

    /// Moves everything to its place.
    fn release(self) -> Result<Vec<Extracted>> {
        let Extraction { destination, on_conflict, .. } = self.extraction;
        if self.entries.len() > FLUSHED_ONE_BY_ONE {
            flush_volume(&self.files).map_err(|error| Error::writing(destination, error))?;
        }
        let mut release = Release::new(self.private);
        if !self.destination_exists {
            match release.folder(&self.files, destination) {
                // Another run made it meanwhile; only who wants no conflict minds.
                Err(Error::AlreadyExists(_)) if *on_conflict != OnConflict::Refuse && destination.is_dir() => {}
                moved => {
                    moved?;
                    sync_folder(folder_of(destination));
                    let saved = |entry: Entry| Extracted { saved_as: entry.name.clone(), entry };
                    return Ok(self.entries.into_iter().map(saved).collect());
                }
            }
        }
        let mut extracted = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            let saved_as = release.file(self.files.join(&entry.name), destination, &entry.name, *on_conflict)?;
            extracted.push(Extracted { entry, saved_as });
        }
        release.finish();
        sync_folder(destination);
        Ok(extracted)
    }
}

impl EntrySink for Folder<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<Begun> {
        let destination = self.extraction.destination.join(&entry.name);
        if self.extraction.on_conflict == OnConflict::Refuse && destination.symlink_metadata().is_ok() {
            return Err(Error::AlreadyExists(destination));
        }
        // Its sender chose the name, and could choose that of the container or of the key.
        if self.extraction.on_conflict == OnConflict::Overwrite
            && self.extraction.inputs.iter().chain(&self.container).any(|input| is_same_file(input, &destination))
        {
            return Err(Error::Refused(Refusal::OutputIsInput(destination)));
        }
        if free_space(&self.files).is_some_and(|free| free < entry.size) {
            return Err(Error::DiskFull(self.extraction.destination.clone()));
        }
        let file = match OpenOptions::new().write(true).create_new(true).open(self.files.join(&entry.name)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidFilename => return Ok(Begun::NameTooLong),
            Err(error) => return Err(Error::writing(destination, error)),
        };
        self.entries.push(entry.clone());
        self.current = Some(FlushedAhead::new(file));
        Ok(Begun::Yes)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        let current = self.current.as_mut().expect("data comes after an entry begins");
        current.write_all(bytes).map_err(|error| Error::writing(&self.extraction.destination, error))
    }

    fn end(&mut self) -> Result<()> {
        let (Some(current), Some(entry)) = (self.current.take(), self.entries.last()) else {
            return Ok(());
        };
        let file = current.file();
        let failed = |error| Error::writing(&self.extraction.destination, error);
        if let Ok(seconds) = u64::try_from(entry.modified) {
            // A time that the file system cannot hold is no reason to lose the file.
            let _ = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map(|time| file.set_modified(time));
        }
        if self.entries.len() <= FLUSHED_ONE_BY_ONE {
            file.sync_data().map_err(failed)?;
        }
        Ok(())
    }
}

/// Flushes everything on the volume of `folder`, where the system can.
fn flush_volume(folder: &Path) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(folder)?)?;
    #[cfg(not(target_os = "linux"))]
    let _ = folder;
    Ok(())
}
