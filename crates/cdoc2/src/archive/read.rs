//! Reading an archive that a hostile sender may have made, as its bytes come.
//!
//! The `tar` crate's own reader keeps extension headers of any size in memory; here every length is bounded, so only
//! its view of a header block is used.

use tar::{EntryType, Header};

use super::{
    BLOCK, NameProblem, NameSet, RECORD, UnsafeName, UnsafeNames, check_name,
    names::{MAX_NAME, MAX_PROPOSAL},
    padding,
};
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
    /// Files get the names that [`safe_name`](crate::safe_name) proposes.
    UseSafeNames,
}

/// Takes the files of an archive, one after the other.
pub(crate) trait EntrySink {
    fn begin(&mut self, entry: &Entry) -> Result<Begun>;
    fn data(&mut self, bytes: &[u8]) -> Result<()>;
    fn end(&mut self) -> Result<()>;
}

/// What became of a file that was to begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Its content may come.
    Yes,
    /// The format allows its name, and the place does not.
    NameTooLong,
}

/// Takes the bytes of an archive, cut anywhere, and gives its files to a sink. After a name that is refused the sink gets nothing more, and
/// the other names are only looked at: whoever is told of one is told of all.
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
    /// Extension headers since the last file.
    extensions: u32,
    names: NameSet,
    refused: UnsafeNames,
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
    /// What GNU tar calls a sparse file would be unpacked as something else than it shows.
    sparse: bool,
}

impl<S: EntrySink> Unpacker<S> {
    /// Unpacks at most `total_limit` bytes of content; of `limits` the others count.
    pub(crate) fn new(limits: Limits, total_limit: u64, policy: NamePolicy, sink: S) -> Self {
        let name_length = limits.name_length.min(MAX_NAME as u64);
        Self {
            limits: Limits { name_length, ..limits },
            total_limit,
            policy,
            sink,
            state: State::Header,
            block: Vec::with_capacity(BLOCK),
            extension: Extension::default(),
            extensions: 0,
            names: NameSet::default(),
            refused: UnsafeNames::default(),
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
                        let mut block = std::mem::take(&mut self.block);
                        self.position += BLOCK as u64;
                        self.block_read(&block)?;
                        block.clear();
                        self.block = block;
                    }
                    continue;
                }
                State::File { left, padding } => {
                    let (data, rest) = split(bytes, *left);
                    *left -= data.len() as u64;
                    let (ended, padding) = (*left == 0, *padding);
                    self.content(data)?;
                    if ended {
                        self.file_ends()?;
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
    /// [`Error::Malformed`] when its end is missing, [`Error::UnsafeNames`] when names were refused.
    pub(crate) fn finish(self) -> Result<S> {
        match self.state {
            State::Ended { .. } if self.refused.count > 0 => Err(Error::UnsafeNames(self.refused)),
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
        let size = number(&header.as_old().size).and_then(|size| u64::try_from(size).ok());
        let size = size.ok_or_else(|| Error::malformed("a size in the archive is broken"))?;
        let kind = match header.entry_type() {
            EntryType::XHeader => ExtensionKind::Pax,
            EntryType::XGlobalHeader => ExtensionKind::GlobalPax,
            EntryType::GNULongName => ExtensionKind::LongName,
            entry_type => return self.file_begins(header, entry_type, size),
        };
        if size > self.limits.pax_size {
            return Err(Error::LimitExceeded { kind: LimitKind::PaxSize, limit: self.limits.pax_size });
        }
        // A long name ends in a zero byte.
        if kind == ExtensionKind::LongName && size > self.limits.name_length + 1 {
            return Err(Error::LimitExceeded { kind: LimitKind::NameLength, limit: self.limits.name_length });
        }
        self.extensions += 1;
        if self.extensions > MAX_EXTENSIONS {
            return Err(Error::malformed("too many extension headers before a file"));
        }
        if size == 0 {
            return Err(Error::malformed("an empty extension header"));
        }
        self.state = State::Extension { kind, collected: Vec::new(), left: size, padding: padding(size) };
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
                key if key.starts_with(b"GNU.sparse.") => self.extension.sparse = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn file_begins(&mut self, header: &Header, entry_type: EntryType, size: u64) -> Result<()> {
        let extension = std::mem::take(&mut self.extension);
        self.extensions = 0;
        let name = extension.pax_path.or(extension.long_name).unwrap_or_else(|| header.path_bytes().into_owned());
        if entry_type != EntryType::Regular || extension.sparse {
            let name = String::from_utf8_lossy(&name).chars().take(MAX_NAME).collect();
            return Err(Error::NotARegularFile(name));
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
        let name = self.checked_name(name)?;
        // A time that is no number is no reason to refuse a file.
        let modified = number(&header.as_old().mtime).and_then(|time| i64::try_from(time).ok()).unwrap_or(0);
        if let Some((name, original_name)) = name.filter(|_| self.refused.count == 0) {
            let entry = Entry { name, original_name, size, modified };
            if self.sink.begin(&entry)? == Begun::NameTooLong {
                self.refuse(entry.name, NameProblem::TooLong);
            }
        }
        self.state = State::File { left: size, padding: padding(size) };
        if size == 0 {
            self.file_ends()?;
            self.state = State::Header;
        }
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<()> {
        if self.refused.count > 0 { Ok(()) } else { self.sink.data(bytes) }
    }

    fn file_ends(&mut self) -> Result<()> {
        if self.refused.count > 0 { Ok(()) } else { self.sink.end() }
    }

    fn refuse(&mut self, name: String, problem: NameProblem) {
        let proposal = self.names.insert_safe(&name);
        self.refused.push(UnsafeName { name, problem, proposal });
    }

    /// The name to use, and the archive's when that is another; none when it is refused.
    fn checked_name(&mut self, name: Vec<u8>) -> Result<Option<(String, Option<String>)>> {
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
        // The format allows names that no file system holds. By themselves they are refused where they are to be saved, by who saves them.
        let is_replaced = self.policy == NamePolicy::UseSafeNames || self.refused.count > 0;
        let problem = problem.or((is_replaced && name.len() > MAX_PROPOSAL).then_some(NameProblem::TooLong));
        match (problem, self.policy) {
            (None, _) => Ok(Some((name, None))),
            (Some(problem), NamePolicy::Refuse) => {
                self.refuse(name, problem);
                Ok(None)
            }
            (Some(_), NamePolicy::UseSafeNames) => {
                let safe = self.names.insert_safe(&name);
                Ok(Some((safe, Some(name))))
            }
        }
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
    if number(&header.as_old().cksum) == Some(sum.into()) {
        return Ok(());
    }
    Err(Error::malformed("a header of the archive has a wrong checksum"))
}

/// A numeric field: octal digits, or GNU's base 256 with a sign, which the `tar` crate cuts to its last 64 bits.
fn number(field: &[u8]) -> Option<i128> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // Seven bits remain, the upper of them the sign. No field has more than 12 bytes.
        let first = i128::from(first & 0x3f) - i128::from(first & 0x40);
        return Some(rest.iter().fold(first, |sum, byte| (sum << 8) | i128::from(*byte)));
    }
    let is_filler = |byte: &u8| matches!(byte, b' ' | 0);
    let digits = field.trim_ascii_start();
    let (digits, filler) = digits.split_at(digits.iter().position(is_filler).unwrap_or(digits.len()));
    if digits.is_empty() || !filler.iter().all(is_filler) {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| matches!(digit, b'0'..=b'7').then(|| sum * 8 + i128::from(digit - b'0')))
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
    use proptest::{collection::vec, prelude::*};

    use super::{
        super::{Writer, archive_size, names::start},
        *,
    };

    #[derive(Default)]
    struct Memory(Vec<(Entry, Vec<u8>)>);

    impl EntrySink for Memory {
        fn begin(&mut self, entry: &Entry) -> Result<Begun> {
            self.0.push((entry.clone(), Vec::new()));
            Ok(Begun::Yes)
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

    const MODIFIED: i64 = 1_700_000_000;
    const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (name, content) in files {
            writer.begin(name, content.len() as u64, MODIFIED).expect("in memory");
            writer.data(content).expect("in memory");
            writer.end().expect("in memory");
        }
        writer.finish().expect("in memory")
    }

    /// A header and its content as another writer may make them; `change` is applied before the checksum.
    fn member(kind: u8, name: &[u8], content: &[u8], change: impl FnOnce(&mut Header)) -> Vec<u8> {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(EntryType::new(kind));
        header.set_size(content.len() as u64);
        change(&mut header);
        header.set_cksum();
        let mut bytes = [header.as_bytes(), content].concat();
        bytes.resize(bytes.len() + padding(content.len() as u64) as usize, 0);
        bytes
    }

    fn plain(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
        member(kind, name, content, |_| ())
    }

    fn record(key: &str, value: &str) -> String {
        let rest = key.len() + value.len() + 3;
        let length = (rest..).find(|length| rest + length.to_string().len() == *length).expect("some length fits");
        format!("{length} {key}={value}\n")
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

    fn unpack_members(members: &[&[u8]]) -> Result<Vec<(Entry, Vec<u8>)>> {
        unpack(&[&members.concat()[..], &END].concat())
    }

    fn problem_of<T: std::fmt::Debug>(result: Result<T>) -> NameProblem {
        match result {
            Err(Error::UnsafeNames(UnsafeNames { mut first, .. })) => {
                let UnsafeName { name, problem, .. } = first.remove(0);
                assert!(name.chars().count() <= MAX_NAME);
                problem
            }
            other => panic!("not refused for its name: {other:?}"),
        }
    }

    fn is_malformed<T>(result: Result<T>) -> bool {
        matches!(result, Err(Error::Malformed(_)))
    }

    #[test]
    fn names_of_every_length_come_back_here_and_in_the_tar_crate() {
        for length in [1, 99, 100, 101, 255, 1000] {
            let ascii = "n".repeat(length);
            let other = if length == 1 { "õ".to_owned() } else { "õ".repeat(length / 2) };
            let bytes = archive(&[(&ascii, b"one"), (&other, b"")]);
            let files = unpack(&bytes).expect("valid");
            assert_eq!((files[0].0.name.as_str(), files[1].0.name.as_str()), (ascii.as_str(), other.as_str()));
            let mut theirs = tar::Archive::new(&bytes[..]);
            let read: Vec<_> = theirs
                .entries()
                .expect("readable")
                .map(|entry| {
                    let entry = entry.expect("valid");
                    let name = entry.path().expect("UTF-8").to_string_lossy().into_owned();
                    (name, entry.size(), entry.header().mtime().expect("a number"))
                })
                .collect();
            assert_eq!(read, [(ascii, 3, MODIFIED as u64), (other, 0, MODIFIED as u64)]);
        }
    }

    #[test]
    fn an_archive_without_files_is_valid() {
        assert_eq!(unpack(&END).expect("valid"), []);
    }

    #[test]
    fn a_file_of_8_gib_and_more_announces_its_size_in_a_pax_record() {
        let size = 9 << 30;
        let mut writer = Writer::new(Vec::new());
        writer.begin("big", size, 0).expect("in memory");
        let begun = |total_limit| {
            let mut unpacker = Unpacker::new(Limits::default(), total_limit, NamePolicy::Refuse, Memory::default());
            unpacker.push(&writer.output).map(|()| unpacker.sink.0[0].0.size)
        };
        assert_eq!(begun(10 << 30).expect("valid so far"), size);
        let refused = begun(size - 1);
        assert!(matches!(refused, Err(Error::LimitExceeded { kind: LimitKind::TotalSize, .. })), "before any content");
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
        assert_eq!(problem_of(unpack(&bytes)), NameProblem::ForbiddenCharacter('/'));
        let files = unpack_with(&bytes, 512, NamePolicy::UseSafeNames, Limits::default()).expect("replaced");
        let names: Vec<_> = files.iter().map(|(entry, _)| entry.name.as_str()).collect();
        assert_eq!(names, [".._.._x", "A.txt", "a (2).TXT"]);
        assert_eq!(files[2].0.original_name.as_deref(), Some("a.TXT"));
    }

    #[test]
    fn every_refused_name_is_told_with_the_name_that_it_would_get() {
        let long = format!("{}.txt", "n".repeat(400));
        let bytes =
            archive(&[("a.txt", b"1"), ("CON", b"2"), ("a_b", b""), ("a:b", b"3"), ("A.TXT", b"4"), (&long, b"")]);
        let Err(Error::UnsafeNames(refused)) = unpack(&bytes) else { panic!("not refused") };
        let told: Vec<_> =
            refused.first.iter().map(|name| (&*name.name, name.problem.clone(), &*name.proposal)).collect();
        let cut = format!("{}.txt", "n".repeat(251));
        assert_eq!(
            told,
            [
                ("CON", NameProblem::DeviceName, "_CON"),
                ("a:b", NameProblem::ForbiddenCharacter(':'), "a_b (2)"),
                ("A.TXT", NameProblem::Duplicate, "A (2).TXT"),
                (&*long, NameProblem::TooLong, &*cut),
            ]
        );
        let files = unpack_with(&bytes, 512, NamePolicy::UseSafeNames, Limits::default()).expect("replaced");
        let renamed = files.iter().filter(|(entry, _)| entry.original_name.is_some()).map(|(entry, _)| &*entry.name);
        assert_eq!(renamed.collect::<Vec<_>>(), refused.first.iter().map(|name| &*name.proposal).collect::<Vec<_>>());

        let many: Vec<_> = (0..1000).map(|number| format!("{number}?")).collect();
        let many: Vec<_> = many.iter().map(|name| (&**name, &b""[..])).collect();
        let Err(Error::UnsafeNames(refused)) = unpack(&archive(&many)) else { panic!("not refused") };
        assert_eq!((refused.first.len(), refused.count), (20, 1000));
        assert!(refused.to_string().ends_with("\"19?\" (the character '?' is not allowed) and 980 more"), "{refused}");
    }

    #[test]
    fn names_longer_than_file_systems_hold_are_cut_where_safe_names_are_wanted() {
        let bytes = archive(&[(&format!("{}.txt", "õ".repeat(200)), b"1"), (&"n".repeat(255), b"2")]);
        assert_eq!(unpack(&bytes).expect("allowed by the format")[0].0.name.len(), 404);
        let files = unpack_with(&bytes, 512, NamePolicy::UseSafeNames, Limits::default()).expect("cut");
        assert!(files[0].0.name.len() <= 255 && files[0].0.name.ends_with("õ.txt"));
        assert_eq!(files[1].0.original_name, None);
    }

    #[test]
    fn a_name_stands_once_however_it_is_written() {
        for (one, other) in [("a", "a"), ("Straße", "STRASSE"), ("õ", "O\u{303}")] {
            assert_eq!(problem_of(unpack(&archive(&[(one, b""), (other, b"")]))), NameProblem::Duplicate);
        }
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_refused_or_replaced() {
        let bytes = [&plain(b'0', b"caf\xe9.txt", b"")[..], &END].concat();
        assert_eq!(problem_of(unpack(&bytes)), NameProblem::NotUtf8);
        let files = unpack_with(&bytes, 512, NamePolicy::UseSafeNames, Limits::default()).expect("replaced");
        assert_eq!(files[0].0.name, "caf\u{fffd}.txt");
    }

    #[test]
    fn the_prefix_of_an_old_header_makes_a_path_and_is_refused() {
        let prefixed = member(b'0', b"x", b"", |header| {
            header.as_ustar_mut().expect("ustar").prefix[..3].copy_from_slice(b"etc");
        });
        assert_eq!(problem_of(unpack_members(&[&prefixed])), NameProblem::ForbiddenCharacter('/'));
    }

    #[test]
    fn only_regular_files_are_taken() {
        for kind in (0..=u8::MAX).filter(|kind| !matches!(kind, 0 | b'0' | b'x' | b'g' | b'L')) {
            let result = unpack_members(&[&plain(kind, b"x", b"")]);
            assert!(matches!(result, Err(Error::NotARegularFile(name)) if name == "x"), "{kind}");
        }
        assert_eq!(unpack_members(&[&plain(0, b"x", b"")]).expect("an old writer's regular file").len(), 1);
        let sparse = plain(b'x', b"p", record("GNU.sparse.major", "1").as_bytes());
        let result = unpack_members(&[&sparse, &plain(b'0', b"x", b"")]);
        assert!(matches!(result, Err(Error::NotARegularFile(_))));
        // No name helps there, whatever else is refused.
        let result = unpack_members(&[&plain(b'0', b"CON", b"1"), &plain(b'2', b"x", b"")]);
        assert!(matches!(result, Err(Error::NotARegularFile(_))));
    }

    #[test]
    fn the_pax_path_wins_over_the_gnu_name_and_that_over_the_header() {
        let long = plain(b'L', b"././@LongLink", b"gnu\0");
        let pax = plain(b'x', b"p", (record("comment", "unknown to us") + &record("path", "pax")).as_bytes());
        let file = plain(b'0', b"old", b"content");
        for (members, name) in [(vec![&file], "old"), (vec![&long, &file], "gnu"), (vec![&pax, &long, &file], "pax")] {
            let members: Vec<_> = members.into_iter().map(Vec::as_slice).collect();
            let files = unpack_members(&[&members.concat(), &plain(b'0', b"next", b"")]).expect("valid");
            let names: Vec<_> = files.iter().map(|(entry, _)| entry.name.as_str()).collect();
            assert_eq!(names, [name, "next"], "what extends one file says nothing of the next");
        }
    }

    #[test]
    fn the_pax_size_wins_over_the_header() {
        let pax = plain(b'x', b"p", record("size", "3").as_bytes());
        let file = member(b'0', b"a", b"abc", |header| header.set_size(0));
        assert_eq!(unpack_members(&[&pax, &file]).expect("valid")[0].1, b"abc");
    }

    #[test]
    fn sizes_in_base_256_are_taken_unless_they_are_negative_or_beyond_64_bits() {
        let with_size = |field: [u8; 12]| member(b'0', b"a", b"abc", |header| header.as_old_mut().size = field);
        let files = unpack_members(&[&with_size([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3])]).expect("valid");
        assert_eq!(files[0].1, b"abc");
        for field in [
            [0xff; 12],
            [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3],
            *b"+0000000003\0",
            *b"           \0",
            *b"3\x003         ",
        ] {
            assert!(is_malformed(unpack_members(&[&with_size(field)])), "{field:?}");
        }
    }

    #[test]
    fn times_that_are_no_number_refuse_no_file() {
        let modified = |field: [u8; 12]| {
            let file = member(b'0', b"a", b"", |header| header.as_old_mut().mtime = field);
            unpack_members(&[&file]).expect("valid")[0].0.modified
        };
        assert_eq!(modified(*b"00000000017 "), 15);
        assert_eq!(modified([0xff; 12]), -1);
        assert_eq!(modified([0xbf; 12]), 0);
        assert_eq!(modified(*b"yesterday  \0"), 0);
    }

    #[test]
    fn broken_structure_is_refused() {
        let file = plain(b'0', b"a", b"abc");
        let mut wrong_sum = file.clone();
        wrong_sum[0] ^= 1;
        assert!(is_malformed(unpack_members(&[&wrong_sum])));
        for records in [
            "",
            "x",
            "5 a=b",
            "6 a=b",
            "7 a=b\n",
            "99 a=b\n",
            "5 =bc\n",
            "7 abcd\n",
            " a=b\n",
            "+6 a=b\n",
            "8 size=\n",
            "9 size=x\n",
            "10 size=-1\n",
        ] {
            let result = unpack_members(&[&plain(b'x', b"p", records.as_bytes()), &file]);
            assert!(is_malformed(result), "{records:?}");
        }
        let pax = plain(b'x', b"p", record("comment", "c").as_bytes());
        assert!(is_malformed(unpack_members(&[&file, &pax])), "it belongs to no file");
        assert!(is_malformed(unpack(&[&file[..], &[0; BLOCK], &file, &END].concat())), "one zero block is no end");
    }

    #[test]
    fn a_global_pax_header_is_taken_unless_it_names_files() {
        let file = plain(b'0', b"a", b"abc");
        let global = |key| plain(b'g', b"pax_global_header", record(key, "1").as_bytes());
        assert_eq!(unpack_members(&[&global("comment"), &file]).expect("valid")[0].1, b"abc");
        assert!(is_malformed(unpack_members(&[&global("path"), &file])));
        assert!(is_malformed(unpack_members(&[&global("size"), &file])));
    }

    #[test]
    fn three_extension_headers_come_before_a_file_and_no_more() {
        let file = plain(b'0', b"a", b"");
        let pax = plain(b'x', b"p", record("comment", "c").as_bytes());
        assert!(unpack_members(&[&pax, &pax, &pax, &file, &pax, &pax, &pax, &plain(b'0', b"b", b"")]).is_ok());
        assert!(is_malformed(unpack_members(&[&pax, &pax, &pax, &pax, &file])));
    }

    #[test]
    fn limits_hold() {
        let exceeded = |bytes: &[u8], limits: Limits| match unpack_with(bytes, 512, NamePolicy::UseSafeNames, limits) {
            Err(Error::LimitExceeded { kind, limit }) => Some((kind, limit)),
            _ => None,
        };
        let many = archive(&[("a", b""), ("b", b""), ("c", b"")]);
        assert_eq!(exceeded(&many, Limits { entries: 3, ..Limits::default() }), None);
        assert_eq!(exceeded(&many, Limits { entries: 2, ..Limits::default() }), Some((LimitKind::Entries, 2)));

        let half = [0; 1 << 19];
        let total = Some((LimitKind::TotalSize, 1 << 20));
        assert_eq!(exceeded(&archive(&[("a", &half), ("b", &half)]), Limits::default()), None);
        assert_eq!(exceeded(&archive(&[("a", &half), ("b", &half), ("c", b"1")]), Limits::default()), total);
        let endless =
            member(b'0', b"a", b"", |header| header.as_old_mut().size = [0xbf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(is_malformed(unpack(&endless)));

        let pax = |length| {
            let comment = record("comment", &"c".repeat(length));
            [&plain(b'x', b"p", comment.as_bytes())[..], &plain(b'0', b"a", b""), &END].concat()
        };
        assert_eq!(exceeded(&pax(60_000), Limits::default()), None);
        assert_eq!(exceeded(&pax(65_536), Limits::default()), Some((LimitKind::PaxSize, 65_536)));
        let long = |length| {
            let name = [&b"n".repeat(length)[..], b"\0"].concat();
            [&plain(b'L', b"././@LongLink", &name)[..], &plain(b'0', b"a", b""), &END].concat()
        };
        assert_eq!(exceeded(&long(1000), Limits::default()), None);
        assert_eq!(exceeded(&long(1001), Limits::default()), Some((LimitKind::NameLength, 1000)));
        let small_pax = Limits { pax_size: 100, ..Limits::default() };
        assert_eq!(exceeded(&long(200), small_pax), Some((LimitKind::PaxSize, 100)));

        let path = archive(&[(&"n".repeat(500), b"")]);
        let short = Limits { name_length: 255, ..Limits::default() };
        assert_eq!(exceeded(&path, short), Some((LimitKind::NameLength, 255)));
        let beyond_the_format = Limits { name_length: u64::MAX, ..Limits::default() };
        assert_eq!(exceeded(&long(1001), beyond_the_format), Some((LimitKind::NameLength, 1000)));
    }

    #[test]
    fn only_zeros_up_to_a_record_may_follow_the_end() {
        let mut bytes = archive(&[("a", b"1")]);
        bytes.resize(RECORD as usize, 0);
        assert!(unpack(&bytes).is_ok());
        bytes.push(0);
        assert!(is_malformed(unpack(&bytes)));
        let mut bytes = archive(&[("a", b"1")]);
        bytes.push(1);
        assert!(is_malformed(unpack(&bytes)));
        let mut full = archive(&[("a", &[1; RECORD as usize - 3 * BLOCK])]);
        assert_eq!(full.len(), RECORD as usize);
        assert!(unpack(&full).is_ok());
        full.push(0);
        assert!(is_malformed(unpack(&full)));
    }

    #[test]
    fn equal_names_are_numbered_without_trying_all_pairs() {
        let name = "x".repeat(255);
        let bytes = archive(&vec![(name.as_str(), &b""[..]); 2000]);
        let files = unpack_with(&bytes, 1 << 16, NamePolicy::UseSafeNames, Limits::default()).expect("numbered");
        let names: std::collections::HashSet<_> = files.into_iter().map(|(entry, _)| entry.name).collect();
        assert_eq!(names.len(), 2000);
    }

    /// Allowed names, long ones and non-ASCII ones among them.
    fn name() -> impl Strategy<Value = String> {
        "[a-zõ€😀 .]{0,20}".prop_flat_map(|stem| (Just(stem), 0usize..40)).prop_map(|(stem, times)| {
            let mut name = format!("n{}x", stem.repeat(times + 1));
            name.truncate(start(&name, MAX_NAME - 10).len());
            name + "x"
        })
    }

    proptest! {
        #[test]
        fn any_files_come_back_in_any_cutting(
            files in vec((name(), vec(any::<u8>(), 0..2000), any::<i64>()), 0..6),
            pieces in vec(1usize..3000, 1..10),
        ) {
            let files = files.iter().enumerate();
            let files: Vec<_> = files.map(|(i, (name, content, time))| (format!("{i}{name}"), content, time)).collect();
            let mut writer = Writer::new(Vec::new());
            for (name, content, time) in &files {
                writer.begin(name, content.len() as u64, **time).expect("in memory");
                content.chunks(pieces[0]).try_for_each(|part| writer.data(part)).expect("in memory");
                writer.end().expect("in memory");
            }
            let bytes = writer.finish().expect("in memory");
            let sizes = files.iter().map(|(name, content, _)| (name.as_str(), content.len() as u64));
            prop_assert_eq!(archive_size(sizes), Some(bytes.len() as u64));

            let mut unpacker = Unpacker::new(Limits::default(), 1 << 20, NamePolicy::Refuse, Memory::default());
            let (mut rest, mut piece) = (&bytes[..], pieces.iter().cycle());
            while !rest.is_empty() {
                let (part, more) = rest.split_at(rest.len().min(*piece.next().expect("endless")));
                unpacker.push(part).expect("valid");
                rest = more;
            }
            let read = unpacker.finish().expect("complete").0;
            prop_assert_eq!(read.len(), files.len());
            for ((entry, read), (name, content, time)) in read.iter().zip(&files) {
                prop_assert_eq!((&entry.name, &entry.original_name, read), (name, &None, *content));
                prop_assert_eq!(entry.modified, (**time).clamp(0, 0o777_7777_7777));
            }
        }

        #[test]
        fn damage_never_panics(
            changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
            mends_sums: bool,
            renames: bool,
        ) {
            let pax = plain(b'x', b"p", (record("path", "other") + &record("size", "3")).as_bytes());
            let long = plain(b'L', b"././@LongLink", b"gnu\0");
            let rest = archive(&[("a.txt", b"some content"), (&"ö".repeat(70), b"more")]);
            let mut bytes = [&pax[..], &long, &plain(b'0', b"f", b"abc"), &rest].concat();
            for (position, value) in changes {
                *position.get_mut(&mut bytes) = value;
            }
            if mends_sums {
                for block in bytes.chunks_exact_mut(BLOCK).filter(|block| &block[257..262] == b"ustar") {
                    let mut header = Header::from_byte_slice(block).clone();
                    header.set_cksum();
                    block.copy_from_slice(header.as_bytes());
                }
            }
            let policy = if renames { NamePolicy::UseSafeNames } else { NamePolicy::Refuse };
            for (entry, _) in unpack_with(&bytes, 777, policy, Limits::default()).unwrap_or_default() {
                prop_assert_eq!(check_name(&entry.name), Ok(()));
            }
        }

        #[test]
        fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..3000), piece in 1usize..600) {
            prop_assert!(unpack_with(&bytes, piece, NamePolicy::UseSafeNames, Limits::default()).is_err());
        }
    }
}
