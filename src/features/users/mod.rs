//! Users: who can sign in. The acts on them stand in `account` (one's own) and `admin` (other people's).

pub mod model;
pub mod store;
