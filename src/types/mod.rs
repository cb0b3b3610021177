//! Values parsed once at the edge and valid ever after.
//!
//! Nothing here knows of HTTP or of the database: a value that exists has passed its checks, and nobody asks again.

pub mod cause;
pub mod checkpoints;
pub mod counting;
pub mod door_counts;
pub mod email;
pub mod entropy;
pub mod held_value;
pub mod host;
pub mod ids;
pub mod local_path;
pub mod network;
pub mod password;
pub mod profile;
pub mod proxies;
pub mod role;
pub mod salt;
pub mod sender_network;
pub mod service_name;
pub mod span;
pub mod target_url;
pub mod tier;
pub mod time;
pub mod token;
pub mod user_agent;
pub mod username;
pub mod visible;
pub mod webhook_name;
