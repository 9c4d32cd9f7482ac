//! Where modules are installed.

use std::path::PathBuf;

/// Folders of shared libraries, and their places for modules.
const FOLDERS: &[&str] = if cfg!(windows) {
    &[
        r"C:\Program Files\OpenSC Project\OpenSC\pkcs11",
        r"C:\Program Files\PWPW",
        r"C:\Program Files\Softemia\mcard",
        r"C:\Program Files\AKD\eID Middleware\pkcs11",
        r"C:\Program Files\Yubico\Yubico PIV Tool\bin",
        r"C:\Windows\System32",
    ]
} else if cfg!(target_os = "macos") {
    &[
        "/Library/OpenSC/lib",
        "/Library/latvia-eid/lib",
        "/Library/latvia-eid/lib/eidlv-pkcs11.bundle/Contents/MacOS",
        "/Library/mPolluxDigiSign",
        "/Library/PWPW-Card/lib",
        "/Library/mCard/lib",
        "/Library/AKD/eID Middleware/pkcs11",
        "/Library/Belgium Identity Card/Pkcs11/beid-pkcs11.bundle/Contents/MacOS",
        "/opt/homebrew/lib",
        "/usr/local/lib",
    ]
} else {
    &[
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/lib64/pkcs11",
        "/usr/lib/pkcs11",
        "/usr/lib/akd/eidmiddleware/pkcs11",
        "/usr/local/lib",
    ]
};

/// OpenSC, the cards of Lithuania, Latvia, Finland, Croatia and Belgium, and YubiKeys.
const NAMES: &[&str] = if cfg!(windows) {
    &[
        "opensc-pkcs11.dll",
        "pwpw-card-pkcs11.dll",
        "mcard-pkcs11.dll",
        "cryptoki.dll",
        "AkdEidPkcs11_64.dll",
        "beidpkcs11.dll",
        "libykcs11.dll",
    ]
} else if cfg!(target_os = "macos") {
    &[
        "opensc-pkcs11.so",
        "pwpw-card-pkcs11.so",
        "mcard-pkcs11.so",
        "otlv-pkcs11.so",
        "eidlv-pkcs11",
        "libcryptoki.dylib",
        "libEidPkcs11.so",
        "libbeidpkcs11.dylib",
        "libykcs11.dylib",
    ]
} else {
    &[
        "opensc-pkcs11.so",
        "pwpw-card-pkcs11.so",
        "mcard-pkcs11.so",
        "otlv-pkcs11.so",
        "libcryptoki.so",
        "libEidPkcs11.so",
        "libbeidpkcs11.so.0",
        "libykcs11.so",
    ]
};

/// The modules that are installed where they usually are, each once.
pub fn known_modules() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for name in NAMES {
        let path = FOLDERS.iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| path.is_file());
        // Folders may be links to one another.
        let path = path.map(|path| path.canonicalize().unwrap_or(path));
        found.extend(path.filter(|path| !found.contains(path)));
    }
    found
}
