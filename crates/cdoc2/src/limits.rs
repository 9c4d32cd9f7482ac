//! What a reader accepts at most from a sender it does not trust.

/// Bounds on the content of an opened container; a hostile sender can make a valid one of any shape.
///
/// ```
/// let limits = cdoc2::Limits { entries: 50, ..Default::default() };
/// assert_eq!(limits.total_size_for(1_000), 4 << 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most files in the archive. Default 10 000.
    pub entries: u64,
    /// Most bytes of all files together. Default `None`: 4 GiB or ten times the container, whichever is more.
    pub total_size: Option<u64>,
    /// Most bytes of one PAX header or GNU long name. Default 64 KiB.
    pub pax_size: u64,
    /// Most bytes of a file name, at most 1000 (CDOC2 specification). Default 1000.
    pub name_length: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 10_000, total_size: None, pax_size: 64 << 10, name_length: 1000 }
    }
}

impl Limits {
    /// The most bytes of content that a container of `container_size` bytes may unpack to.
    pub fn total_size_for(&self, container_size: u64) -> u64 {
        self.total_size.unwrap_or_else(|| (4 << 30).max(container_size.saturating_mul(10)))
    }
}
