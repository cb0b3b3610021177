//! Who folds the database's log into it.

/// Who folds the log into the database while a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// The Hub's writer.
    Own,
    /// A program that copies the log (Litestream) and has to have seen it before it goes.
    External,
}
