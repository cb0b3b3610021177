//! Races over real sockets: the whole Hub behind its door, many keep-alive connections, more than one thread.

mod honest;
mod revocation;
mod served;
mod thieves;
