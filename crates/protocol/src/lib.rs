//! The pure core of the Sealift executor: plan, phase, event, effect, step.
