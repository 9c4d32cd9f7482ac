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
    padding: u64,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output, left: 0, padding: 0 }
    }

    /// Begins a file of `size` bytes, last modified `modified` seconds after 1970.
    pub(crate) fn begin(&mut self, name: &str, size: u64, modified: i64) -> io::Result<()> {
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
        self.fill(self.padding)
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.fill(2 * BLOCK as u64)?;
        Ok(self.output)
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
