//! All SQL on webhooks: who is told (`targets`), what is on its way to them (`outbox`), and what people are shown of it (`shown`). (What is over, the
//! housekeeping removes; what happens, triggers write down.)

pub mod outbox;
pub mod shown;
pub mod targets;
