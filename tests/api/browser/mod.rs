//! Signing in at the Hub's own pages: cookies, limits, forms.

mod cookies;
mod forms;
mod limits;
mod second_step;
mod setup;
mod sign_in;
