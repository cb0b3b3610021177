//! Too many, too large, too slow, too often.

mod descriptors;
mod flood;
mod giants;
mod half_sent;
mod lost_answers;
mod storm;
