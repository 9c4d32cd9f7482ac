//! Writing a container: files in, one file out, complete or not at all.

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::UNIX_EPOCH,
};

use crate::{
    Error, Result,
    archive::{NameSet, Writer, archive_size, check_name},
    decrypt::STANDARD_OUTPUT,
    envelope::Envelope,
    error::{FetchError, Refusal},
    flush::FlushedAhead,
    header,
    key::{Fmk, random},
    payload::{
        MAX_PAYLOAD, PIECE,
        aead::Encryption,
        deflate::{self, Compression, PieceWriter},
        pipe::{Emptying, Filling, SMALL_LOT, pipe},
    },
    progress::{Control, Step},
    recipient::{Delivery, OutgoingCapsule, OutgoingShare, Recipient, seal},
    release::NewFile,
    wiping::with_wiped_stack,
};

/// A regular file to be encrypted, as it was when it was examined; a later change is noticed.
#[derive(Debug)]
pub struct InputFile {
    path: PathBuf,
    name: String,
    size: u64,
    modified: Modified,
    /// Already open, for input that has no path of its own.
    open: Option<File>,
}

/// Whole seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modified(i64, u32);

impl Modified {
    fn of(metadata: &fs::Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.map_or(Self(0, 0), |since| Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()))
    }
}

impl InputFile {
    /// Looks at the file that `path` leads to; it will stand in the container under its base name.
    ///
    /// # Errors
    /// [`Error::NotReadable`]; [`Refusal::NotAFile`] for folders, pipes and devices; [`Refusal::Name`] only when encrypted.
    pub fn examine(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let metadata = fs::metadata(&path).map_err(|error| Error::reading(&path, error))?;
        if !metadata.is_file() {
            return Err(Error::Refused(Refusal::NotAFile(path)));
        }
        let name = path.file_name().unwrap_or_default();
        // A name that is no Unicode gets a character that no name may have, and is refused under a name people can read.
        let name = name.to_str().map_or_else(|| name.to_string_lossy().replace('\u{fffd}', "\u{fffe}"), str::to_owned);
        Ok(Self { name, size: metadata.len(), modified: Modified::of(&metadata), open: None, path })
    }

    /// Takes an open file of known length, which stands at its beginning, under `name`.
    ///
    /// # Errors
    /// [`Error::Io`] when its length cannot be told.
    pub fn from_open(file: File, name: impl Into<String>) -> Result<Self> {
        let (metadata, name) = (file.metadata().map_err(Error::Io)?, name.into());
        let modified = Modified::of(&metadata);
        Ok(Self { path: PathBuf::from(&name), name, size: metadata.len(), modified, open: Some(file) })
    }

    /// Another name in the container.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Name in the container.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Opens it, which must still be what was examined.
    fn open(&self) -> Result<File> {
        let file = match &self.open {
            Some(file) => file.try_clone(),
            None => open_without_waiting(&self.path),
        }
        .map_err(|error| Error::reading(&self.path, error))?;
        self.check_unchanged(&file)?;
        Ok(file)
    }

    fn check_unchanged(&self, file: &File) -> Result<()> {
        let metadata = file.metadata().map_err(|error| Error::reading(&self.path, error))?;
        let unchanged = metadata.is_file() && metadata.len() == self.size && Modified::of(&metadata) == self.modified;
        if unchanged { Ok(()) } else { Err(Error::InputChanged(self.path.clone())) }
    }

    /// Writes the file's bytes to the archive.
    fn copy_to(
        &self,
        archive: &mut Writer<&mut PieceWriter>,
        report: &mut impl FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let mut file = self.open()?;
        archive.begin(&self.name, self.size, self.modified.0).map_err(Error::Io)?;
        let mut left = self.size;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX);
            let read = archive.data_by(|pieces| pieces.read_from(&mut file, length));
            match read.map_err(|error| Error::reading(&self.path, error))? {
                0 => return Err(Error::InputChanged(self.path.clone())),
                read => {
                    left -= read as u64;
                    report(read)?;
                }
            }
        }
        // Some files have content and no size, those of /proc for example.
        if file.read(&mut [0]).map_err(|error| Error::reading(&self.path, error))? > 0 {
            return Err(Error::InputChanged(self.path.clone()));
        }
        self.check_unchanged(&file)?;
        archive.end().map_err(Error::Io)
    }
}

/// Opens for reading; a pipe that took the file's place meanwhile must not make it wait.
fn open_without_waiting(path: &Path) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(File::from(open(path, flags, Mode::empty())?))
    }
    #[cfg(not(unix))]
    File::open(path)
}

/// A container that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the container.
    pub size: u64,
    /// Bytes of the files in it.
    pub content_size: u64,
    /// Number of files in it.
    pub files: usize,
}

/// Encrypts files for recipients.
///
/// ```
/// use cdoc2::{Encryptor, InputFile, Password, Recipient, Zeroizing};
///
/// let folder = tempfile::tempdir()?;
/// let report = folder.path().join("report.txt");
/// std::fs::write(&report, "for your eyes only")?;
///
/// let password = Password::new(Zeroizing::new("correct horse battery staple".to_owned()))?;
/// let recipient = Recipient::password(password, cdoc2::Label::password("the usual one").to_string());
/// let output = folder.path().join("report.cdoc2");
/// Encryptor::new(vec![recipient]).encrypt_to_file(&[InputFile::examine(&report)?], &output, false)?;
/// assert!(output.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Encryptor<'a> {
    recipients: Vec<Recipient>,
    compression: Compression,
    delivery: Option<&'a dyn Delivery>,
    control: Control,
}

impl<'a> Encryptor<'a> {
    /// Encrypts for `recipients`, each of whom can open the container.
    pub fn new(recipients: Vec<Recipient>) -> Self {
        Self { recipients, compression: Compression::default(), delivery: None, control: Control::default() }
    }

    /// Compresses otherwise than [`Compression::Fast`].
    #[must_use]
    pub fn compression(self, compression: Compression) -> Self {
        Self { compression, ..self }
    }

    /// Brings capsules and shares to servers.
    #[must_use]
    pub fn delivery(self, delivery: &'a dyn Delivery) -> Self {
        Self { delivery: Some(delivery), ..self }
    }

    /// Watches and stops the encryption.
    #[must_use]
    pub fn control(self, control: Control) -> Self {
        Self { control, ..self }
    }

    /// Encrypts `files` into a container at `output`, which appears only when it is complete and on disk.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is written or sent; [`Error::AlreadyExists`] unless `overwrite`;
    /// [`Error::InputChanged`], [`Error::NotReadable`], [`Error::DiskFull`], [`Error::NotWritable`],
    /// [`Error::Cancelled`]: nothing is left behind.
    pub fn encrypt_to_file(&self, files: &[InputFile], output: &Path, overwrite: bool) -> Result<Written> {
        check_files(files)?;
        check_output(files, output)?;
        let output = Destination { path: output, overwrite };
        output.fill(|file| self.encrypt_to(files, file, output.path), &self.control)
    }

    /// Encrypts `files` into `output`, a pipe for example; what was written before an error is no valid container.
    ///
    /// # Errors
    /// As [`Encryptor::encrypt_to_file`].
    pub fn encrypt_to_writer(&self, files: &[InputFile], output: &mut (dyn Write + Send)) -> Result<Written> {
        check_files(files)?;
        self.encrypt_to(files, output, Path::new(STANDARD_OUTPUT))
    }

    /// Says what [`Encryptor::encrypt_to_file`] would refuse about the recipients: nothing is written, nothing is sent.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn check_recipients(&self) -> Result<()> {
        header::write(&seal(&Fmk::generate(), &self.recipients, Some(&Rehearsal))?).map(drop)
    }

    fn encrypt_to(&self, files: &[InputFile], output: &mut (dyn Write + Send), path: &Path) -> Result<Written> {
        let content_size: u64 = files.iter().map(InputFile::size).sum();
        let size = self.write(output, path, |pieces| {
            let mut archive = Writer::new(pieces);
            let mut done = 0;
            self.control.report(Step::Encrypting, 0, Some(content_size))?;
            for file in files {
                file.copy_to(&mut archive, &mut |bytes| {
                    let before = done;
                    done += bytes as u64;
                    // About once a mebibyte, however small the files are.
                    if before / PIECE as u64 == done / PIECE as u64 {
                        return self.control.check();
                    }
                    self.control.report(Step::Encrypting, done, Some(content_size))
                })?;
            }
            archive.finish().map_err(Error::Io)?;
            Ok(())
        })?;
        Ok(Written { size, content_size, files: files.len() })
    }

    /// Encrypts the archive that `produce` writes; gives the bytes of the container.
    pub(crate) fn write(
        &self,
        output: &mut (dyn Write + Send),
        path: &Path,
        produce: impl FnOnce(&mut PieceWriter) -> Result<()> + Send,
    ) -> Result<u64> {
        let (envelope, encryption) = with_wiped_stack(|| self.begin())?;
        let (filling, emptying) = pipe(SMALL_LOT, 0);
        thread::scope(|scope| {
            let writing = scope.spawn(move || write_all(output, &emptying, path));
            let encrypted = with_wiped_stack(|| self.encrypt_pieces(&envelope, encryption, produce, &filling));
            drop(filling);
            // When writing failed, nobody took the pieces any more: its error is the cause.
            let written = writing.join().expect("writing does not panic");
            let size = written?;
            encrypted.map(|()| size)
        })
    }

    /// Makes the keys and seals them for the recipients.
    fn begin(&self) -> Result<(Envelope, Encryption)> {
        let fmk = Fmk::generate();
        // Everything that can refuse the recipients, and every upload, comes before the first byte.
        let sealed = seal(&fmk, &self.recipients, self.delivery);
        // Whoever delivers stops when the operation is stopped, and says so in its own words.
        self.control.check()?;
        let header = header::write(&sealed?)?;
        let envelope = Envelope { mac: fmk.header_mac(&header), header, nonce: random() };
        let encryption = Encryption::new(&fmk.payload_keys(), &envelope.nonce, &envelope.aad());
        Ok((envelope, encryption))
    }

    /// The middle of the pipeline: compressed pieces in, the container's bytes out.
    fn encrypt_pieces(
        &self,
        envelope: &Envelope,
        mut encryption: Encryption,
        produce: impl FnOnce(&mut PieceWriter) -> Result<()> + Send,
        output: &Filling,
    ) -> Result<()> {
        let hand_over = |bytes: &mut Vec<u8>| if output.exchange(bytes) { Ok(()) } else { Err(Error::Cancelled) };
        hand_over(&mut envelope.to_bytes())?;
        deflate::compress(self.compression, produce, |bytes| {
            self.control.check()?;
            encryption.update(bytes)?;
            hand_over(bytes)
        })?;
        hand_over(&mut encryption.finish().to_vec())
    }
}

/// Says what an [`Encryptor`] would refuse about the files: their number, their names, their size.
///
/// # Errors
/// [`Error::Refused`].
pub fn check_files(files: &[InputFile]) -> Result<()> {
    if files.is_empty() {
        return Err(Error::Refused(Refusal::NoFiles));
    }
    let mut names = NameSet::default();
    for file in files {
        check_name(&file.name).map_err(|problem| Error::Refused(Refusal::Name { name: file.name.clone(), problem }))?;
        if !names.insert(&file.name) {
            return Err(Error::Refused(Refusal::DuplicateName(file.name.clone())));
        }
    }
    let size = archive_size(files.iter().map(|file| (file.name.as_str(), file.size)));
    // Stored blocks grow by less than a thousandth.
    if size.and_then(|size| size.checked_add(size / 1000 + 1024)).is_none_or(|size| size > MAX_PAYLOAD) {
        return Err(Error::Refused(Refusal::PayloadTooLarge));
    }
    Ok(())
}

/// Says whether a container at `output` would take the place of one of `files`, by whatever name.
///
/// # Errors
/// [`Error::Refused`] with [`Refusal::OutputIsInput`].
pub fn check_output<'f>(files: impl IntoIterator<Item = &'f InputFile>, output: &Path) -> Result<()> {
    if files.into_iter().any(|file| is_same_file(&file.path, output)) {
        return Err(Error::Refused(Refusal::OutputIsInput(output.to_owned())));
    }
    Ok(())
}

/// Delivers nothing; its identifiers are as long as those of servers.
struct Rehearsal;

impl Rehearsal {
    fn identifiers(count: usize) -> Vec<String> {
        vec!["SD0123456789abcdef0123456789abcdef".to_owned(); count]
    }
}

impl Delivery for Rehearsal {
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError> {
        Ok(Self::identifiers(capsules.len()))
    }

    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError> {
        Ok(Self::identifiers(shares.len()))
    }
}

/// The end of the pipeline; gives the bytes written. Small pieces are gathered.
fn write_all(output: &mut (dyn Write + Send), pieces: &Emptying, path: &Path) -> Result<u64> {
    let failed = |error| Error::writing(path, error);
    let mut output = BufWriter::with_capacity(64 << 10, output);
    let mut size = 0;
    while let Some(piece) = pieces.next() {
        output.write_all(&piece).map_err(failed)?;
        size += piece.len() as u64;
        pieces.give_back(piece);
    }
    output.flush().map_err(failed)?;
    Ok(size)
}

/// Where a container goes.
#[derive(Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub(crate) path: &'a Path,
    pub(crate) overwrite: bool,
}

impl Destination<'_> {
    /// Lets `write` fill a new file and gives it its place.
    pub(crate) fn fill<T>(
        self,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T>,
        control: &Control,
    ) -> Result<T> {
        let file = NewFile::create(self.path, self.overwrite)?;
        let written = write(&mut FlushedAhead::new(file.file()))?;
        control.report(Step::Releasing, 0, None)?;
        file.release(self.overwrite)?;
        Ok(written)
    }
}

/// Whether two paths lead to one file, by whatever names.
pub(crate) fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
        matches!((identity(one), identity(other)), (Some(one), Some(other)) if one == other)
    }
    #[cfg(not(unix))]
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
