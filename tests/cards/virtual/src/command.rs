//! Commands and answers, as ISO 7816-4 writes them in their short form.

/// A command, taken apart.
pub(crate) struct Command<'a> {
    pub(crate) class: u8,
    /// Instruction and parameters.
    pub(crate) head: [u8; 3],
    pub(crate) data: &'a [u8],
    /// How much is expected at most; 0 when nothing is.
    pub(crate) expected: usize,
}

impl<'a> Command<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[class, instruction, p1, p2], rest) = bytes.split_first_chunk::<4>()?;
        let length = |le: u8| if le == 0 { 256 } else { usize::from(le) };
        let (data, expected) = match rest {
            [] => (&[][..], 0),
            [le] => (&[][..], length(*le)),
            [lc, data @ ..] if data.len() == usize::from(*lc) => (data, 0),
            [lc, data @ .., le] if data.len() == usize::from(*lc) => (data, length(*le)),
            _ => return None,
        };
        Some(Self { class, head: [instruction, p1, p2], data, expected })
    }
}

/// Data and status word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) data: Vec<u8>,
    pub(crate) status: u16,
}

impl Answer {
    pub(crate) const DONE: u16 = 0x9000;
    pub(crate) const WRONG_LENGTH: u16 = 0x6700;
    pub(crate) const NOT_ALLOWED: u16 = 0x6982;
    pub(crate) const BLOCKED: u16 = 0x6983;
    pub(crate) const NO_CONDITIONS: u16 = 0x6985;
    pub(crate) const WRONG_DATA: u16 = 0x6A80;
    pub(crate) const NOT_FOUND: u16 = 0x6A82;
    pub(crate) const WRONG_OFFSET: u16 = 0x6B00;
    pub(crate) const UNKNOWN: u16 = 0x6D00;

    pub(crate) fn data(data: impl Into<Vec<u8>>) -> Self {
        Self { data: data.into(), status: Self::DONE }
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self { data: Vec::new(), status }
    }
}

/// A data object of at most 255 bytes.
pub(crate) fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("short");
    let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
    [tag, &length, value].concat()
}

/// What READ BINARY gives of a file.
pub(crate) fn read(file: Option<&[u8]>, command: &Command<'_>) -> Answer {
    let Some(file) = file else { return Answer::NO_CONDITIONS.into() };
    let offset = usize::from(u16::from_be_bytes([command.head[1], command.head[2]]));
    match file.get(offset..) {
        None | Some([]) => Answer::WRONG_OFFSET.into(),
        Some(rest) => Answer::data(&rest[..rest.len().min(command.expected)]),
    }
}
