//! Reading an archive that a hostile sender may have made, as its bytes come.
//!
//! The `tar` crate's own reader keeps extension headers of any size in memory; here every length is bounded, so only its view of
//! a header block is used.

use tar::{EntryType, Header};

use super::{BLOCK, NameProblem, NameSet, RECORD, check_name, padding, safe_name};
use crate::{Error, Result, error::LimitKind, limits::Limits};

/// Extension headers before one file: PAX, GNU long name, and one to spare.
const MAX_EXTENSIONS: u32 = 3;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; with [`NamePolicy::UseSafeNames`], the proposed one where the archive's is not allowed.
    pub name: String,
    /// The archive's name, where `name` is another.
    pub original_name: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Last modification in seconds since 1970.
    pub modified: i64,
}

/// What happens to names that are not safe, or stand twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamePolicy {
    /// The container is refused.
    #[default]
    Refuse,
    /// Files get the names that [`safe_name`] proposes.
    UseSafeNames,
}

/// Takes the files of an archive, one after the other.
pub(crate) trait EntrySink {
    fn begin(&mut self, entry: &Entry) -> Result<()>;
    fn data(&mut self, bytes: &[u8]) -> Result<()>;
    fn end(&mut self) -> Result<()>;
}

/// Takes the bytes of an archive, cut anywhere, and gives its files to a sink.
pub(crate) struct Unpacker<S> {
    limits: Limits,
    total_limit: u64,
    policy: NamePolicy,
    sink: S,
    state: State,
    /// Collects a block that is cut.
    block: Vec<u8>,
    /// What extension headers say of the next file.
    extension: Extension,
    extensions: u32,
    names: NameSet,
    entries: u64,
    total: u64,
    /// Bytes of the archive so far.
    position: u64,
}

enum State {
    /// A header block, or the first of two zero blocks, comes.
    Header,
    /// Bytes of a file.
    File { left: u64, padding: u64 },
    /// Bytes of an extension header.
    Extension { kind: ExtensionKind, collected: Vec<u8>, left: u64, padding: u64 },
    /// Zero bytes that fill a block.
    Padding { left: u64 },
    /// The second zero block comes.
    End,
    /// Zero bytes that fill a record.
    Ended { left: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ExtensionKind {
    Pax,
    GlobalPax,
    LongName,
}

#[derive(Default)]
struct Extension {
    pax_path: Option<Vec<u8>>,
    long_name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl<S: EntrySink> Unpacker<S> {
    pub(crate) fn new(limits: Limits, total_limit: u64, policy: NamePolicy, sink: S) -> Self {
        Self {
            limits,
            total_limit,
            policy,
            sink,
            state: State::Header,
            block: Vec::with_capacity(BLOCK),
            extension: Extension::default(),
            extensions: 0,
            names: NameSet::default(),
            entries: 0,
            total: 0,
            position: 0,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let before = bytes.len();
            match &mut self.state {
                State::Header | State::End => {
                    let taken = bytes.len().min(BLOCK - self.block.len());
                    self.block.extend_from_slice(&bytes[..taken]);
                    bytes = &bytes[taken..];
                    if self.block.len() == BLOCK {
                        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
                        self.position += BLOCK as u64;
                        self.block_read(&block)?;
                    }
                    continue;
                }
                State::File { left, padding } => {
                    let (data, rest) = split(bytes, *left);
                    *left -= data.len() as u64;
                    let (ended, padding) = (*left == 0, *padding);
                    self.sink.data(data)?;
                    if ended {
                        self.sink.end()?;
                        self.pad(padding);
                    }
                    bytes = rest;
                }
                State::Extension { kind, collected, left, padding } => {
                    let (data, rest) = split(bytes, *left);
                    collected.extend_from_slice(data);
                    *left -= data.len() as u64;
                    if *left == 0 {
                        let (kind, collected, padding) = (*kind, std::mem::take(collected), *padding);
                        self.extension_read(kind, &collected)?;
                        self.pad(padding);
                    }
                    bytes = rest;
                }
                State::Padding { left } => {
                    // Writers need not fill a block with zeros.
                    let (skipped, rest) = split(bytes, *left);
                    *left -= skipped.len() as u64;
                    if *left == 0 {
                        self.state = State::Header;
                    }
                    bytes = rest;
                }
                State::Ended { left } => {
                    if bytes.len() as u64 > *left || bytes.iter().any(|byte| *byte != 0) {
                        return Err(Error::malformed("bytes after the end of the archive"));
                    }
                    *left -= bytes.len() as u64;
                    bytes = &[];
                }
            }
            self.position += (before - bytes.len()) as u64;
        }
        Ok(())
    }

    /// The archive has ended; gives the sink back.
    ///
    /// # Errors
    /// [`Error::Malformed`] when its end is missing.
    pub(crate) fn finish(self) -> Result<S> {
        match self.state {
            State::Ended { .. } => Ok(self.sink),
            _ => Err(Error::malformed("the archive ends too early")),
        }
    }

    fn pad(&mut self, padding: u64) {
        self.state = if padding == 0 { State::Header } else { State::Padding { left: padding } };
    }

    fn block_read(&mut self, block: &[u8]) -> Result<()> {
        let zero = block.iter().all(|byte| *byte == 0);
        match (&self.state, zero) {
            (State::End, true) => {
                let record = (RECORD - self.position % RECORD) % RECORD;
                self.state = State::Ended { left: record };
                Ok(())
            }
            (State::End, false) => Err(Error::malformed("a single zero block in the archive")),
            (_, true) if self.extensions > 0 => Err(Error::malformed("an extension header without a file")),
            (_, true) => {
                self.state = State::End;
                Ok(())
            }
            (_, false) => self.header_read(Header::from_byte_slice(block)),
        }
    }

    fn header_read(&mut self, header: &Header) -> Result<()> {
        check_sum(header)?;
        let broken = |_| Error::malformed("a size in the archive is broken");
        let size = header.entry_size().map_err(broken)?;
        let kind = match header.entry_type() {
            EntryType::XHeader => ExtensionKind::Pax,
            EntryType::XGlobalHeader => ExtensionKind::GlobalPax,
            EntryType::GNULongName => ExtensionKind::LongName,
            entry_type => return self.file_begins(header, entry_type, size),
        };
        let (limit, limit_kind) = match kind {
            ExtensionKind::LongName => (self.limits.pax_size.min(self.limits.name_length + 1), LimitKind::NameLength),
            _ => (self.limits.pax_size, LimitKind::PaxSize),
        };
        if size > limit {
            let limit = if limit_kind == LimitKind::NameLength { self.limits.name_length } else { limit };
            return Err(Error::LimitExceeded { kind: limit_kind, limit });
        }
        self.extensions += 1;
        if self.extensions > MAX_EXTENSIONS {
            return Err(Error::malformed("too many extension headers before a file"));
        }
        let collected = Vec::with_capacity(size as usize);
        self.state = State::Extension { kind, collected, left: size, padding: padding(size) };
        if size == 0 {
            return Err(Error::malformed("an empty extension header"));
        }
        Ok(())
    }

    fn extension_read(&mut self, kind: ExtensionKind, bytes: &[u8]) -> Result<()> {
        if kind == ExtensionKind::LongName {
            let name = bytes.strip_suffix(&[0]).unwrap_or(bytes);
            self.extension.long_name = Some(name.to_vec());
            return Ok(());
        }
        for record in PaxRecords(bytes) {
            let (key, value) = record?;
            match key {
                // A path or size for all files to come makes no sense for files with names of their own.
                b"path" | b"size" if kind == ExtensionKind::GlobalPax => {
                    return Err(Error::malformed("a global PAX header names files"));
                }
                b"path" => self.extension.pax_path = Some(value.to_vec()),
                b"size" => self.extension.size = Some(decimal(value)?),
                // What GNU tar calls sparse files would be unpacked as something else than it shows.
                key if key.starts_with(b"GNU.sparse.") => return Err(self.not_a_file(b"")),
                _ => {}
            }
        }
        Ok(())
    }

    fn file_begins(&mut self, header: &Header, entry_type: EntryType, size: u64) -> Result<()> {
        let extension = std::mem::take(&mut self.extension);
        self.extensions = 0;
        let name = extension.pax_path.or(extension.long_name).unwrap_or_else(|| header.path_bytes().into_owned());
        if entry_type != EntryType::Regular {
            return Err(self.not_a_file(&name));
        }
        let size = extension.size.unwrap_or(size);
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Error::LimitExceeded { kind: LimitKind::Entries, limit: self.limits.entries });
        }
        self.total = self.total.saturating_add(size);
        if self.total > self.total_limit {
            return Err(Error::LimitExceeded { kind: LimitKind::TotalSize, limit: self.total_limit });
        }
        let (name, original_name) = self.checked_name(name)?;
        // A time that is no number is no reason to refuse a file.
        let modified = header.mtime().ok().and_then(|time| i64::try_from(time).ok()).unwrap_or(0);
        self.sink.begin(&Entry { name, original_name, size, modified })?;
        self.state = State::File { left: size, padding: padding(size) };
        if size == 0 {
            self.sink.end()?;
            self.state = State::Header;
        }
        Ok(())
    }

    /// The name to use, and the archive's when that is another.
    fn checked_name(&mut self, name: Vec<u8>) -> Result<(String, Option<String>)> {
        if name.len() as u64 > self.limits.name_length {
            return Err(Error::LimitExceeded { kind: LimitKind::NameLength, limit: self.limits.name_length });
        }
        let (name, mut problem) = match String::from_utf8(name) {
            Ok(name) => {
                let problem = check_name(&name).err();
                (name, problem)
            }
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(NameProblem::NotUtf8)),
        };
        if problem.is_none() && !self.names.insert(&name) {
            problem = Some(NameProblem::Duplicate);
        }
        match (problem, self.policy) {
            (None, _) => Ok((name, None)),
            (Some(problem), NamePolicy::Refuse) => Err(Error::UnsafeContent { name, problem }),
            (Some(_), NamePolicy::UseSafeNames) => {
                let safe = safe_name(&name, |candidate| !self.names.insert(candidate));
                Ok((safe, Some(name)))
            }
        }
    }

    fn not_a_file(&self, name: &[u8]) -> Error {
        let name = String::from_utf8_lossy(name).chars().take(super::names::MAX_NAME).collect();
        Error::UnsafeContent { name, problem: NameProblem::NotARegularFile }
    }
}

fn split(bytes: &[u8], left: u64) -> (&[u8], &[u8]) {
    bytes.split_at(usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len())))
}

/// The sum of a block's bytes, its own field counted as spaces.
fn check_sum(header: &Header) -> Result<()> {
    let field = 148..156;
    let bytes = header.as_bytes();
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .map(|(index, byte)| u32::from(if field.contains(&index) { b' ' } else { *byte }))
        .sum();
    match header.cksum() {
        Ok(written) if written == sum => Ok(()),
        _ => Err(Error::malformed("a header of the archive has a wrong checksum")),
    }
}

fn decimal(value: &[u8]) -> Result<u64> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| Error::malformed("a PAX size is no number"))
}

/// Records of the form `LENGTH KEY=VALUE\n`.
struct PaxRecords<'a>(&'a [u8]);

impl<'a> Iterator for PaxRecords<'a> {
    type Item = Result<(&'a [u8], &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_none() {
            self.0 = &[];
        }
        Some(record.ok_or_else(|| Error::malformed("a PAX record is broken")))
    }
}

impl<'a> PaxRecords<'a> {
    fn record(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let space = self.0.iter().take(12).position(|byte| *byte == b' ')?;
        let length = usize::try_from(decimal(&self.0[..space]).ok()?).ok()?;
        let record = self.0.get(space + 1..length)?;
        let record = record.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=').filter(|position| *position > 0)?;
        self.0 = &self.0[length..];
        Some((&record[..equals], &record[equals + 1..]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Writer, *};

    #[derive(Default)]
    struct Memory(Vec<(Entry, Vec<u8>)>);

    impl EntrySink for Memory {
        fn begin(&mut self, entry: &Entry) -> Result<()> {
            self.0.push((entry.clone(), Vec::new()));
            Ok(())
        }
        fn data(&mut self, bytes: &[u8]) -> Result<()> {
            self.0.last_mut().expect("begun").1.extend_from_slice(bytes);
            Ok(())
        }
        fn end(&mut self) -> Result<()> {
            let (entry, content) = self.0.last().expect("begun");
            assert_eq!(content.len() as u64, entry.size);
            Ok(())
        }
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (name, content) in files {
            writer.begin(name, content.len() as u64, 1_700_000_000).expect("in memory");
            writer.data(content).expect("in memory");
            writer.end().expect("in memory");
        }
        writer.finish().expect("in memory")
    }

    fn unpack_with(bytes: &[u8], piece: usize, policy: NamePolicy, limits: Limits) -> Result<Vec<(Entry, Vec<u8>)>> {
        let mut unpacker = Unpacker::new(limits, 1 << 20, policy, Memory::default());
        for part in bytes.chunks(piece) {
            unpacker.push(part)?;
        }
        Ok(unpacker.finish()?.0)
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>> {
        unpack_with(bytes, 777, NamePolicy::Refuse, Limits::default())
    }

    #[test]
    fn names_of_every_length_come_back() {
        for length in [1, 99, 100, 101, 255, 1000] {
            let ascii = "n".repeat(length);
            let other = "õ".repeat(length.div_ceil(2));
            let bytes = archive(&[(&ascii, b"one"), (&other, b"")]);
            let files = unpack(&bytes).expect("valid");
            assert_eq!((files[0].0.name.as_str(), files[1].0.name.as_str()), (ascii.as_str(), other.as_str()));
            let mut theirs = tar::Archive::new(&bytes[..]);
            let names: Vec<_> = theirs
                .entries()
                .expect("readable")
                .map(|entry| entry.expect("valid").path().expect("UTF-8").to_string_lossy().into_owned())
                .collect();
            assert_eq!(names, [ascii, other]);
        }
    }

    #[test]
    fn a_file_of_8_gib_and_more_announces_its_size_in_a_pax_record() {
        let mut writer = Writer::new(Vec::new());
        writer.begin("big", 9 << 30, 0).expect("in memory");
        let mut unpacker = Unpacker::new(Limits::default(), 10 << 30, NamePolicy::Refuse, Memory::default());
        unpacker.push(&writer.output).expect("valid so far");
        assert_eq!(unpacker.sink.0[0].0.size, 9 << 30);
    }

    #[test]
    fn cut_anywhere_it_is_refused() {
        let bytes = archive(&[("a.txt", b"some content"), (&"ö".repeat(70), b"more")]);
        for length in 0..bytes.len() {
            assert!(unpack(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn hostile_names_are_refused_or_replaced() {
        let bytes = archive(&[("../../x", b"1"), ("A.txt", b"2"), ("a.TXT", b"3")]);
        assert!(matches!(unpack(&bytes), Err(Error::UnsafeContent { .. })));
        let files = unpack_with(&bytes, 512, NamePolicy::UseSafeNames, Limits::default()).expect("replaced");
        let names: Vec<_> = files.iter().map(|(entry, _)| entry.name.as_str()).collect();
        assert_eq!(names, [".._.._x", "A.txt", "a (2).TXT"]);
        assert_eq!(files[2].0.original_name.as_deref(), Some("a.TXT"));
    }

    #[test]
    fn only_regular_files_are_taken() {
        for kind in [b'1', b'2', b'3', b'4', b'5', b'6', b'7', b'K', b'S', b'Z'] {
            let mut header = Header::new_ustar();
            header.as_old_mut().name[0] = b'x';
            header.set_entry_type(EntryType::new(kind));
            header.set_size(0);
            header.set_cksum();
            let result = unpack(header.as_bytes());
            assert!(matches!(result, Err(Error::UnsafeContent { .. })), "{}", char::from(kind));
        }
    }

    #[test]
    fn limits_hold() {
        let many = archive(&[("a", b""), ("b", b""), ("c", b"")]);
        let limits = Limits { entries: 2, ..Limits::default() };
        let result = unpack_with(&many, 512, NamePolicy::Refuse, limits);
        assert!(matches!(result, Err(Error::LimitExceeded { kind: LimitKind::Entries, limit: 2 })));
        let large = archive(&[("a", &[0; (1 << 20) + 1])]);
        assert!(matches!(unpack(&large), Err(Error::LimitExceeded { kind: LimitKind::TotalSize, .. })));
        let long = archive(&[(&"n".repeat(500), b"")]);
        let limits = Limits { name_length: 255, ..Limits::default() };
        let result = unpack_with(&long, 512, NamePolicy::Refuse, limits);
        assert!(matches!(result, Err(Error::LimitExceeded { kind: LimitKind::NameLength, .. })));
    }

    #[test]
    fn only_zeros_up_to_a_record_may_follow_the_end() {
        let mut bytes = archive(&[("a", b"1")]);
        bytes.resize(10_240, 0);
        assert!(unpack(&bytes).is_ok());
        bytes.push(0);
        assert!(unpack(&bytes).is_err());
        let mut bytes = archive(&[("a", b"1")]);
        bytes.push(1);
        assert!(unpack(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn any_files_come_back_in_any_cutting(
            contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 0..6),
            piece in 1usize..3000,
        ) {
            let names: Vec<_> = (0..contents.len()).map(|index| format!("file {index} õ")).collect();
            let files: Vec<_> = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
            let bytes = archive(&files);
            let size = super::super::archive_size(files.iter().map(|(name, content)| (*name, content.len() as u64)));
            prop_assert_eq!(size, Some(bytes.len() as u64));
            let read = unpack_with(&bytes, piece, NamePolicy::Refuse, Limits::default()).expect("valid");
            let read: Vec<_> = read.iter().map(|(entry, content)| (entry.name.as_str(), content.as_slice())).collect();
            prop_assert_eq!(read, files);
        }

        #[test]
        fn damage_never_panics(position in 0usize..3000, value: u8) {
            let mut bytes = archive(&[("a.txt", b"some content"), (&"ö".repeat(70), b"more")]);
            let position = position % bytes.len();
            bytes[position] = value;
            let _ = unpack(&bytes);
        }
    }
}
