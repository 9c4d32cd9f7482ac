//! Writing an archive as every reader takes it: ustar headers, PAX records only where they are needed.

use std::io::{self, Write};

use tar::{EntryType, Header};

use super::{BLOCK, PAX_SIZE, padding};

/// Longest name in the header's own field.
const HEADER_NAME: usize = 100;
/// Name of entries that hold PAX records; nobody unpacks them.
const PAX_NAME: &str = "PaxHeaders/file";
/// Largest value of an octal field of 11 digits.
const MAX_OCTAL: u64 = 0o777_7777_7777;

/// Writes one file after the other.
pub(crate) struct Writer<W> {
    pub(super) output: W,
    /// Bytes that the current file still needs.
    left: u64,
    /// Bytes that fill the last block of the current file.
    padding: u64,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output, left: 0, padding: 0 }
    }

    /// Begins a file of `size` bytes, last modified `modified` seconds after 1970 (times that the format lacks become
    /// the nearest that it has).
    pub(crate) fn begin(&mut self, name: &str, size: u64, modified: i64) -> io::Result<()> {
        self.check_ended()?;
        let pax = pax_records(name, size);
        if !pax.is_empty() {
            let length = pax.len() as u64;
            self.output.write_all(header(PAX_NAME, length, 0, EntryType::XHeader).as_bytes())?;
            self.output.write_all(&pax)?;
            self.fill(padding(length))?;
        }
        let modified = u64::try_from(modified).unwrap_or(0).min(MAX_OCTAL);
        let size_field = if size < PAX_SIZE { size } else { 0 };
        self.output.write_all(header(name, size_field, modified, EntryType::Regular).as_bytes())?;
        (self.left, self.padding) = (size, padding(size));
        Ok(())
    }

    /// The next bytes of the file.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| other_size("more"))?;
        self.output.write_all(bytes)
    }

    /// The next bytes of the file, which `write` puts into the output by itself; it gives their number.
    pub(crate) fn data_by(&mut self, write: impl FnOnce(&mut W) -> io::Result<usize>) -> io::Result<usize> {
        let written = write(&mut self.output)?;
        self.left = self.left.checked_sub(written as u64).ok_or_else(|| other_size("more"))?;
        Ok(written)
    }

    /// Ends the file.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if self.left > 0 {
            return Err(other_size("fewer"));
        }
        let padding = std::mem::take(&mut self.padding);
        self.fill(padding)
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.check_ended()?;
        self.fill(2 * BLOCK as u64)?;
        Ok(self.output)
    }

    fn check_ended(&self) -> io::Result<()> {
        if self.left > 0 || self.padding > 0 { Err(other_size("fewer")) } else { Ok(()) }
    }

    fn fill(&mut self, length: u64) -> io::Result<()> {
        self.output.write_all(&[0; 2 * BLOCK][..length as usize])
    }
}

fn other_size(relation: &str) -> io::Error {
    io::Error::other(format!("{relation} bytes than announced"))
}

/// Size of the archive of files with these names and sizes; `None` beyond 64 bits.
pub(crate) fn archive_size<'a>(files: impl IntoIterator<Item = (&'a str, u64)>) -> Option<u64> {
    files.into_iter().try_fold(2 * BLOCK as u64, |sum, (name, size)| {
        let pax = pax_records(name, size).len() as u64;
        let pax = if pax == 0 { 0 } else { BLOCK as u64 + pax + padding(pax) };
        sum.checked_add(BLOCK as u64 + pax)?.checked_add(size)?.checked_add(padding(size))
    })
}

fn header(name: &str, size: u64, modified: u64, entry_type: EntryType) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(entry_type);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modified);
    header.set_size(size);
    // The name itself, or as much of it as old readers can show.
    let ascii = name.bytes().map(|byte| if byte.is_ascii() { byte } else { b'_' });
    let field = &mut header.as_old_mut().name;
    field.iter_mut().zip(ascii).for_each(|(field, byte)| *field = byte);
    header.set_cksum();
    header
}

fn pax_records(name: &str, size: u64) -> Vec<u8> {
    let mut records = Vec::new();
    if name.len() > HEADER_NAME || !name.is_ascii() {
        push_record(&mut records, "path", name);
    }
    if size >= PAX_SIZE {
        push_record(&mut records, "size", &size.to_string());
    }
    records
}

/// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
fn push_record(records: &mut Vec<u8>, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let digits = |number: usize| number.to_string().len();
    let mut length = rest + digits(rest);
    if digits(length) > digits(rest) {
        length = rest + digits(length);
    }
    records.extend(format!("{length} {key}={value}\n").into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_plain_ustar_without_an_owner() {
        let mut writer = Writer::new(Vec::new());
        writer.begin("a.txt", 3, 15).expect("in memory");
        let header = Header::from_byte_slice(&writer.output);
        assert_eq!(writer.output.len(), BLOCK);
        assert_eq!(header.as_ustar().expect("ustar").magic, *b"ustar\0");
        assert_eq!(header.entry_type().as_byte(), b'0');
        assert_eq!(header.mode().expect("a number"), 0o644);
        assert_eq!((header.uid().expect("a number"), header.gid().expect("a number")), (0, 0));
        assert_eq!((header.username(), header.groupname()), (Ok(Some("")), Ok(Some(""))));
        assert_eq!((&header.as_old().size, &header.as_old().mtime), (b"00000000003\0", b"00000000017\0"));
    }

    #[test]
    fn equal_files_give_equal_bytes() {
        let bytes = |time| {
            let mut writer = Writer::new(Vec::new());
            writer.begin("õ", 0, time).expect("in memory");
            writer.end().expect("in memory");
            writer.finish().expect("in memory")
        };
        assert_eq!(bytes(5), bytes(5));
        assert_eq!(bytes(-5), bytes(0));
        assert_eq!(bytes(i64::MAX), bytes(MAX_OCTAL as i64));
    }

    #[test]
    fn pax_records_stand_only_where_the_header_has_no_room() {
        assert_eq!(pax_records(&"n".repeat(100), PAX_SIZE - 1), b"");
        assert_eq!(pax_records("õ", 0), "11 path=õ\n".as_bytes());
        assert_eq!(pax_records("a", PAX_SIZE), b"19 size=8589934592\n");
        // The length counts its own digits, also where they become more by that.
        for length in 101..1000 {
            let record = pax_records(&"n".repeat(length), 0);
            let announced = record.split(|byte| *byte == b' ').next().expect("a length");
            assert_eq!(announced, record.len().to_string().as_bytes());
        }
    }

    #[test]
    fn a_file_of_another_size_than_announced_is_an_error() {
        let mut writer = Writer::new(Vec::new());
        writer.begin("a", 3, 0).expect("in memory");
        assert!(writer.data(b"abcd").is_err());
        writer.data(b"ab").expect("in memory");
        assert!(writer.end().is_err());
        assert!(writer.begin("b", 0, 0).is_err());
        assert!(writer.finish().is_err());
    }

    #[test]
    fn sizes_beyond_64_bits_are_none() {
        assert_eq!(archive_size([]), Some(1024));
        assert_eq!(archive_size([("a", 9 << 30)]), Some(1024 + 512 + 1024 + (9 << 30)));
        assert_eq!(archive_size([("a", u64::MAX)]), None);
        assert_eq!(archive_size([("a", u64::MAX / 2), ("b", u64::MAX / 2)]), None);
    }
}
