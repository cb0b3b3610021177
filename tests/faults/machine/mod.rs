//! The machine stands still, has no memory left, or tells the wrong time.
