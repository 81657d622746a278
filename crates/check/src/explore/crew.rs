//! The crew: threads with a worker each, which live as long as the exploration.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;

use super::ExploreError;
use super::ground::Ground;
use super::worker::{Expansion, Seen, Worker};
use crate::model::Node;

/// Fewer states than these are not worth another thread.
const A_THREAD: usize = 4;

type Expansions = Vec<Result<Expansion, ExploreError>>;

/// States to expand.
struct Job {
    states: Arc<[(u32, Box<Node>)]>,
    seen: Arc<Seen>,
    range: Range<usize>,
}

/// What a worker answers, and how much it has executed so far.
struct Done {
    expansions: Expansions,
    executed: u64,
}

struct Member<'s> {
    jobs: SyncSender<Job>,
    done: Receiver<Done>,
    executed: u64,
    thread: ScopedJoinHandle<'s, ()>,
}

/// All workers.
pub(super) struct Crew<'s> {
    members: Vec<Member<'s>>,
}

impl Crew<'_> {
    /// Does something with a crew of as many workers as the limits say.
    pub(super) fn work<T>(
        ground: &Ground<'_>,
        task: impl FnOnce(&mut Crew<'_>) -> Result<T, ExploreError>,
    ) -> Result<T, ExploreError> {
        std::thread::scope(|scope| {
            let member = |_| {
                let (jobs, todo) = sync_channel::<Job>(1);
                let (answer, done) = sync_channel::<Done>(1);
                let thread = scope.spawn(move || {
                    let mut worker = Worker::new(ground);
                    while let Ok(job) = todo.recv() {
                        let expansions = job.states[job.range.clone()]
                            .iter()
                            .map(|(_, node)| worker.expand(node, &job.seen))
                            .collect();
                        // What was lent is given back before the answer is.
                        drop(job);
                        let executed = worker.executed();
                        if answer
                            .send(Done {
                                expansions,
                                executed,
                            })
                            .is_err()
                        {
                            return;
                        }
                    }
                });
                Member {
                    jobs,
                    done,
                    executed: 0,
                    thread,
                }
            };
            let members = (0..ground.limits.threads.get()).map(member).collect();
            task(&mut Crew { members })
        })
    }

    /// Transactions, views and exits executed so far.
    pub(super) fn executed(&self) -> u64 {
        self.members.iter().map(|member| member.executed).sum()
    }

    /// Expands states; what comes out does not depend on how many workers there are.
    ///
    /// Each worker gets states that were found one after the other: they differ by little, and what is known of one
    /// is asked for in the next.
    pub(super) fn expand(&mut self, states: Vec<(u32, Box<Node>)>, seen: &Arc<Seen>) -> Expansions {
        let states: Arc<[(u32, Box<Node>)]> = states.into();
        let workers = self.members.len().min(states.len() / A_THREAD).max(1);
        let share = |at: usize| states.len() * at / workers;
        for (at, member) in self.members[..workers].iter().enumerate() {
            let job = Job {
                states: states.clone(),
                seen: seen.clone(),
                range: share(at)..share(at + 1),
            };
            // A worker that is gone has panicked, and is asked for its answer below.
            let _ = member.jobs.send(job);
        }
        let mut expansions = Vec::new();
        for at in 0..workers {
            match self.members[at].done.recv() {
                Ok(done) => {
                    self.members[at].executed = done.executed;
                    expansions.extend(done.expansions);
                }
                Err(_) => {
                    let panic = self.members.swap_remove(at).thread.join();
                    std::panic::resume_unwind(panic.expect_err("it answers until it panics"));
                }
            }
        }
        expansions
    }
}
