use super::turn::Message;
use std::{io, sync::mpsc::Sender};
use tokio::signal::unix::{SignalKind, signal};

/// Hears signals from now on, and passes them on as messages. Call it inside the runtime.
pub(super) fn hear(sender: Sender<Message>) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let message = tokio::select! {
                _ = terminate.recv() => Message::Terminate,
                _ = interrupt.recv() => Message::Terminate,
                _ = hangup.recv() => Message::Reload,
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    Ok(())
}
