//! One file a command.

pub(crate) mod abort;
pub(crate) mod check;
pub(crate) mod devnet;
pub(crate) mod init;
pub(crate) mod plan;
pub(crate) mod rehearse;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod verify;
