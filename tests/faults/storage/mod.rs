//! The disk fails, fills up, lies, or is somebody else's for a while.

mod corruption;
mod damage;
mod failed_fold;
mod failing_calls;
mod foreign_lock;
mod full_disk;
mod lost_files;
mod nth_call;
mod read_only;
