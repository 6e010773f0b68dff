//! The newest events in memory, for those who follow: told at each commit of this process, so
//! that ten thousand idle followers cost the database nothing.
//!
//! The database stays the truth. Memory only says how far it is known to reach and holds the last
//! events up to there without a gap; whoever stands further back reads the database.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::{Backend, KeptEvent, Store};

/// How many events memory holds.
const KEPT: usize = 1024;
/// How often the database is looked at for what other processes committed to it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The end of the trail.
#[derive(Debug, Default)]
struct End {
    /// The position up to which events are known to be committed.
    through: i64,
    /// The last events up to there, without a gap.
    events: VecDeque<Arc<KeptEvent>>,
    /// No more will be told.
    ended: bool,
}

impl End {
    fn take_in(&mut self, event: KeptEvent) {
        if event.position <= self.through {
            // The one writer committed it before what came first to us: it is in the database.
            return;
        }
        if event.position > self.through.saturating_add(1) {
            self.events.clear();
        }
        self.through = event.position;
        self.events.push_back(Arc::new(event));
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
    }

    /// The events after a position; nothing where memory does not reach back so far.
    fn after(&self, position: i64) -> Option<Vec<Arc<KeptEvent>>> {
        if position >= self.through {
            return Some(Vec::new());
        }
        let first = self.events.front()?.position;
        let skip = position.saturating_add(1).checked_sub(first)?;
        let skip = usize::try_from(skip).ok()?;
        Some(self.events.iter().skip(skip).cloned().collect())
    }
}

/// Tells of commits.
#[derive(Debug, Clone)]
pub(super) struct News(Arc<watch::Sender<End>>);

impl News {
    /// News of a database whose events reach to a position.
    pub(super) fn through(position: i64) -> Self {
        let end = End {
            through: position,
            ..End::default()
        };
        Self(Arc::new(watch::Sender::new(end)))
    }

    /// Tells of the events of a commit.
    pub(super) fn tell(&self, events: Vec<KeptEvent>) {
        if !events.is_empty() {
            self.0
                .send_modify(|end| events.into_iter().for_each(|event| end.take_in(event)));
        }
    }

    /// Tells that no more will be told.
    pub(super) fn end(&self) {
        self.0.send_modify(|end| end.ended = true);
    }

    pub(super) fn follow(&self) -> Follower {
        Follower(self.0.subscribe())
    }

    /// Looks at the database now and then, as long as the store is used and somebody follows:
    /// another process may write to it, and a commit whose caller left is told of here.
    pub(super) fn look_out(&self, store: Store) {
        let news = Arc::downgrade(&self.0);
        let Store { backend, .. } = store;
        tokio::spawn(look(backend, news));
    }
}

async fn look(backend: Backend, news: Weak<watch::Sender<End>>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(news) = news.upgrade().filter(|_| !backend.is_closed()) else {
            return;
        };
        if news.receiver_count() == 0 {
            continue;
        }
        let store = Store {
            news: News(news),
            ..Store::on(backend.clone())
        };
        let Ok(through) = through(&store).await else {
            continue;
        };
        store.news.0.send_if_modified(|end| {
            let more = through > end.through;
            if more {
                end.events.clear();
                end.through = through;
            }
            more
        });
    }
}

async fn through(store: &Store) -> Result<i64, super::StoreError> {
    store.read().await?.last_position().await
}

/// Follows what is committed.
#[derive(Debug)]
pub struct Follower(watch::Receiver<End>);

impl Follower {
    /// How far events are known to be committed; the database may hold more.
    pub fn through(&self) -> i64 {
        self.0.borrow().through
    }

    /// The events after a position and how far they reach, from memory; nothing where memory does
    /// not reach back so far.
    pub fn after(&self, position: i64) -> Option<(Vec<Arc<KeptEvent>>, i64)> {
        let end = self.0.borrow();
        let events = end.after(position)?;
        Some((events, end.through.max(position)))
    }

    /// Waits until something after a position is committed; false when the service stops.
    pub async fn wait(&mut self, position: i64) -> bool {
        let more = |end: &End| end.ended || end.through > position;
        match self.0.wait_for(more).await {
            Ok(end) => !end.ended,
            Err(_) => false,
        }
    }

    /// Waits until the service stops.
    pub async fn ended(&mut self) {
        let _ = self.0.wait_for(|end| end.ended).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{End, KEPT, KeptEvent};

    fn event(position: i64) -> KeptEvent {
        KeptEvent {
            position,
            taxpayer_id: String::new(),
            sequence: position,
            kind: String::new(),
            subject_id: String::new(),
            rpc: String::new(),
            request_id: None,
            at: 0,
            hash: String::new(),
            detail: None,
        }
    }

    fn after(end: &End, position: i64) -> Option<Vec<i64>> {
        let events = end.after(position)?;
        Some(events.iter().map(|event| event.position).collect())
    }

    #[test]
    fn memory_never_answers_with_a_gap() {
        let mut end = End::default();
        for position in [1, 2, 3] {
            end.take_in(event(position));
        }
        assert_eq!(after(&end, 0), Some(vec![1, 2, 3]));
        assert_eq!(after(&end, 2), Some(vec![3]));
        assert_eq!(after(&end, 3), Some(vec![]));
        // 5 comes before 4, which stands in the database already: whoever is at 3 reads there.
        end.take_in(event(5));
        end.take_in(event(4));
        assert_eq!(end.through, 5);
        assert_eq!(after(&end, 3), None);
        assert_eq!(after(&end, 4), Some(vec![5]));
        end.take_in(event(6));
        assert_eq!(after(&end, 4), Some(vec![5, 6]));
    }

    #[test]
    fn memory_is_bounded() {
        let mut end = End::default();
        let count = i64::try_from(KEPT).unwrap() + 10;
        (1..=count).for_each(|position| end.take_in(event(position)));
        assert_eq!(end.events.len(), KEPT);
        assert_eq!(after(&end, 9), None);
        assert_eq!(after(&end, 10).unwrap().len(), KEPT);
    }
}
