//! In which order files are read. What is read last is the latest, so files that are read again (everything is asked for,
//! or a definition was mended) keep the order in which their content was first read, whatever they are called; what is
//! new, or has changed, comes after them.
use super::{super::SiteFault, InboxFile, Intake, Reading, definitions_of, slot};

/// Positions of the files that are to be read, in order.
pub(super) fn of<'f>(
    intake: &Intake<'_>,
    files: &'f [InboxFile],
    reading: impl Fn(&'f InboxFile) -> Reading<'f>,
) -> Result<Vec<usize>, SiteFault> {
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for (at, file) in files.iter().enumerate() {
        match reading(file).turn(intake)? {
            Turn::Known(seq) => known.push((seq, at)),
            Turn::New => new.push(at),
            Turn::Done => {}
        }
    }
    known.sort_unstable();
    Ok(known.into_iter().map(|(_, at)| at).chain(new).collect())
}

/// When a file is read.
enum Turn {
    /// With what was first read at a sequence.
    Known(i64),
    /// After all that is known.
    New,
    /// Not at all: it was read as it is.
    Done,
}

impl Reading<'_> {
    fn turn(&self, intake: &Intake<'_>) -> Result<Turn, SiteFault> {
        let slot = slot(intake, self.file);
        let Some((content, seq)) = intake.first_read(self.feed, &slot)? else { return Ok(Turn::New) };
        // What cannot be opened says so when its turn comes.
        let Ok(Some((_, sha256))) = self.open() else { return Ok(Turn::New) };
        let digest = intake.document_digest(&sha256);
        let reading = intake.reading(&sha256, &definitions_of(intake, self.connector));
        Ok(if intake.has_read(self.feed, &slot, &reading)? {
            Turn::Done
        } else if content.is_none_or(|content| content == digest) {
            Turn::Known(seq)
        } else {
            Turn::New
        })
    }
}
