//! Secrets that leave no copies behind: memory that does not move, and a stack that is wiped after use.

use std::ops::{Deref, DerefMut};

use zeroize::{Zeroize, zeroize_stack};

/// More than computing with keys takes of the stack: PBKDF2, HKDF and the curves stay far below it, also without optimisation.
const STACK: usize = 64 << 10;

/// Does `work` with secrets, and wipes the part of the stack on which it was done. Moved values and the temporaries of cryptography
/// stay there otherwise, until something else happens to overwrite them. What it gives should hold its secrets on the heap.
///
/// ```
/// let sum = cdoc2::with_wiped_stack(|| [1, 2, 3].iter().sum::<u32>());
/// assert_eq!(sum, 6);
/// ```
pub fn with_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    /// In a frame of its own, below the one that wipes.
    #[inline(never)]
    fn below<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = below(work);
    zeroize_stack::<STACK>();
    result
}

/// 32 secret bytes in one place of the heap, wiped when dropped: moving them leaves no copy.
pub(crate) struct Secret32(Box<[u8; 32]>);

impl Secret32 {
    /// What `fill` writes into them.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut bytes = Self(Box::new([0; 32]));
        fill(&mut bytes);
        bytes
    }
}

impl Deref for Secret32 {
    type Target = [u8; 32];

    fn deref(&self) -> &[u8; 32] {
        &self.0
    }
}

impl DerefMut for Secret32 {
    fn deref_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

impl Drop for Secret32 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
