//! The pure core of the Sealift executor: plan, phase, event, effect, step.
//!
//! No clock, no randomness, no input or output: time, receipts and answers arrive as event fields.
//! [`step`] is the only entry: it takes what happened, and returns what to write down and what to do.

pub mod contract;
pub mod effect;
pub mod event;
mod gas;
pub mod intent;
pub mod invariants;
pub mod plan;
pub mod policy;
pub mod record;
pub mod state;
mod step;
mod transactions;
mod workflow;

pub use effect::{Effect, Halt, Outcome};
pub use event::Event;
pub use intent::Intent;
pub use plan::Plan;
pub use policy::Policy;
pub use record::Record;
pub use state::State;
pub use step::{Stepped, step};
