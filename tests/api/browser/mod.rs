//! Signing in at the Hub's own pages: cookies, limits, forms.

mod cookies;
mod forms;
mod limits;
mod sign_in;
