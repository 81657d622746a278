//! `sealift-rpc` against a scripted node that misbehaves, and against a real anvil.

mod anvil;
mod keys;
mod reads;
mod sends;
mod stand_in;
