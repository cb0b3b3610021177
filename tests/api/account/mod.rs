//! `/api/auth/register`, `/api/auth/me` and `/api/auth/password`.

mod me;
mod password;
mod register;
