//! The disk fails, fills up, lies, or is somebody else's for a while.

mod full_disk;
