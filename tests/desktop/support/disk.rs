use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A file system of a few megabytes, until it is dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, where that is possible.
    pub(crate) fn mount(path: &Path, size: &str) -> Option<Self> {
        fs::create_dir(path).expect("mount point");
        let options = format!("size={size}");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path).status();
        status.is_ok_and(|status| status.success()).then(|| Self(path.to_owned()))
    }

    /// Lets nobody write to it any more.
    pub(crate) fn close(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().expect("mount runs");
        assert!(status.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still looks at it does not keep it from the folder.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
