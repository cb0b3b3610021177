//! Webhooks at the command line, and what receivers do with what they get.

mod commands;
mod receiver;
mod restored;
mod verify;
