use super::{
    Clock,
    health::Health,
    keeper::{End, Keeper, Order, Slot},
    notify,
    work::Work,
};
use crate::{
    config::Settings,
    pipeline::Stop,
    telemetry::{self, Event},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

/// The longest sleep: the clock may step while nobody looks.
const LONGEST: Duration = Duration::from_secs(15);
/// The shortest, so that a slot that cannot begin yet does not keep a core busy.
const SHORTEST: Duration = Duration::from_millis(250);
/// How often what a killed process left is looked for.
const SWEEPS: Duration = Duration::from_mins(1);

/// What the loop hears.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// A pull is over.
    Pulled(Slot, End),
    /// Linking, building and releasing are over; whether they went well.
    Published(bool),
    /// Rows were looked at whose time may have come; whether any went.
    Tidied(bool),
    /// The folders of lists were looked at.
    Answered,
    /// End what is in hand and go; a second time: go.
    Terminate,
    /// Read the configuration again.
    Reload,
}

/// How the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything in hand was ended.
    InOrder,
    /// It was told twice to go, and left work undone.
    AtOnce,
}

/// Gives a new configuration that fits the running daemon, or none where it must not be taken.
pub type Reload<'a> = dyn FnMut(&Settings) -> Option<Settings> + 'a;

/// The loop around the keeper.
pub(super) struct Turning<'a> {
    pub(super) keeper: Keeper,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) work: Arc<dyn Work>,
    pub(super) health: Arc<Health>,
    pub(super) stop: Stop,
    pub(super) sender: Sender<Message>,
    /// When what a killed process left was looked for.
    pub(super) swept: Option<Instant>,
    pub(super) reload: &'a mut Reload<'a>,
}

impl Turning<'_> {
    /// Turns until told to go.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) -> Ended {
        let longest = notify::watchdog().map_or(LONGEST, |watchdog| LONGEST.min(watchdog / 3));
        loop {
            let sleep = self.turn().clamp(SHORTEST, longest);
            if self.stop.is_asked() && self.keeper.is_idle() {
                return Ended::InOrder;
            }
            let first = match inbox.recv_timeout(sleep) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ended::AtOnce,
            };
            for message in first.into_iter().chain(inbox.try_iter()) {
                if self.hear(message) {
                    return Ended::AtOnce;
                }
            }
        }
    }

    /// Begins what is due, and says how long there is nothing to do.
    fn turn(&mut self) -> Duration {
        let now = self.clock.now();
        let orders = self.keeper.tick(now).inspect_err(|_| telemetry::emit(Event::CatalogSilent));
        let answered = orders.is_ok();
        if self.swept.is_none_or(|swept| swept.elapsed() >= SWEEPS) {
            self.swept = Some(Instant::now());
            self.work.sweep(self.keeper.settings());
        }
        for order in orders.unwrap_or_default() {
            self.begin(order);
        }
        let next = self.health.look(&self.keeper, now, answered);
        notify::alive(&self.health.in_words());
        next.and_then(|next| (next - now).to_std().ok()).unwrap_or(LONGEST)
    }

    /// Begins work on a thread of its own: it blocks, on a network or on a disk.
    fn begin(&self, order: Order) {
        let (work, stop, sender) = (Arc::clone(&self.work), self.stop.clone(), self.sender.clone());
        let settings = Arc::clone(self.keeper.settings());
        let done = move || {
            // A mistake of our own in one source must not end the others; the panic hook has told its place.
            let message = match order {
                Order::Pull(slot) => {
                    let end = catch_unwind(AssertUnwindSafe(|| work.pull(&settings, slot, &stop)));
                    Message::Pulled(slot, end.unwrap_or(End::without_run("failed")))
                }
                Order::Tidy => {
                    let went = catch_unwind(AssertUnwindSafe(|| work.tidy(&settings, &stop)));
                    Message::Tidied(went.unwrap_or(false))
                }
                Order::Answer => {
                    let _ = catch_unwind(AssertUnwindSafe(|| work.answer(&settings, &stop)));
                    Message::Answered
                }
                Order::Publish => {
                    let well = catch_unwind(AssertUnwindSafe(|| work.publish(&settings, &stop)));
                    Message::Published(well.unwrap_or(false))
                }
            };
            // Nobody listens any more when the daemon was told twice to go.
            let _ = sender.send(message);
        };
        if thread::Builder::new().name("work".into()).spawn(done).is_err() {
            let message = match order {
                Order::Pull(slot) => Message::Pulled(slot, End::without_run("failed")),
                Order::Publish => Message::Published(false),
                Order::Tidy => Message::Tidied(false),
                Order::Answer => Message::Answered,
            };
            let _ = self.sender.send(message);
        }
    }

    /// Whether to go at once.
    fn hear(&mut self, message: Message) -> bool {
        let now = self.clock.now();
        let noted = match message {
            Message::Pulled(slot, end) => self.keeper.pulled(slot, end, now),
            Message::Tidied(went) => self.keeper.tidied(went, now),
            Message::Answered => {
                self.keeper.answered(now);
                Ok(())
            }
            Message::Published(well) => self.keeper.published(well, now),
            Message::Terminate if self.stop.is_asked() => return true,
            Message::Terminate => {
                telemetry::emit(Event::DaemonStopping);
                notify::stopping();
                self.health.stop();
                self.keeper.stop();
                self.stop.ask();
                Ok(())
            }
            Message::Reload => {
                notify::reloading();
                let fresh = (self.reload)(self.keeper.settings());
                let event = if fresh.is_some() { Event::Reloaded } else { Event::ReloadRefused };
                telemetry::emit(event);
                let noted = fresh.map_or(Ok(()), |settings| self.keeper.reload(Arc::new(settings), now));
                notify::ready();
                noted
            }
        };
        if noted.is_err() {
            telemetry::emit(Event::CatalogSilent);
        }
        false
    }
}
