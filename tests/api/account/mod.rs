//! One's own account: `/api/auth/register`, `/api/auth/me`, `/api/auth/password`, and its pages.

mod me;
mod pages;
mod password;
mod register;
