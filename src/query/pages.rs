//! Memory that is taken before a question is worked on, so that how much its process has, and how often it was given a page, which anybody
//! may look up, hangs on nobody's rows. What is left, a page or two for how a stack lies and for what was found, is drowned in a number that is drawn.
use std::io;

use memmap2::MmapMut;
use ring::rand::{SecureRandom, SystemRandom};

/// Its allocator hands out whole numbers of such pieces without a gap between them, and gives a piece of its own more than it was asked for.
const PIECE: usize = (1 << 20) - (4 << 10);

/// How many pages are drawn, less than this each time: a learner makes five of a difference, a third of a thousandth.
const DRAWN: u16 = 1 << 14;

/// Takes so many bytes, piece by piece, and gives them back to what hands out memory in this process, which keeps them where it is told to
/// (`MIMALLOC_PURGE_DELAY=-1`); where the machine has not so much this ends for every question.
pub(super) fn take(bytes: usize) {
    let pieces: Vec<Vec<u8>> = (0..bytes.div_ceil(PIECE)).map(|_| vec![1_u8; PIECE]).collect();
    std::hint::black_box(&pieces);
}

/// Looks at every page of the program's own file and of its libraries: they are fetched when code is first run, and which code that is hangs
/// on whether a row was found. For a moment others of the same account may read this process: it is called before it knows anything.
#[cfg(target_os = "linux")]
pub(super) fn look_at_program() {
    use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};
    use std::{fs, os::unix::fs::FileExt};
    // What nobody may read cannot read itself either, but for the administrator.
    let before = dumpable_behavior();
    let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    let memory = fs::File::open("/proc/self/mem");
    let _ = set_dumpable_behavior(before.unwrap_or(DumpableBehavior::NotDumpable));
    let (Ok(maps), Ok(memory)) = (fs::read_to_string("/proc/self/maps"), memory) else { return };
    let mut piece = vec![0_u8; PIECE];
    for (begin, end) in maps.lines().filter_map(of_a_file) {
        let mut at = begin;
        while at < end {
            let whole = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
            match memory.read_at(&mut piece[..whole], at) {
                // Behind the end of a file there is nothing to fetch.
                Ok(0) | Err(_) => break,
                Ok(read) => at += read as u64,
            }
        }
    }
    std::hint::black_box(&piece);
}
#[cfg(not(target_os = "linux"))]
pub(super) fn look_at_program() {}

/// Takes as many pages as are drawn, and keeps them; and as many as are drawn anew for a moment each. How many pages a process had at most, and
/// how often it was given one, are two numbers: with one draw their difference would be without noise.
///
/// # Errors
/// [`io::Error`]: the system has no number to draw, or no page.
pub(super) fn take_as_drawn() -> io::Result<()> {
    for _ in 0..drawn()? {
        page()?;
    }
    let kept = (0..drawn()?).map(|_| page()).collect::<io::Result<Vec<_>>>()?;
    std::mem::forget(kept);
    Ok(())
}

fn drawn() -> io::Result<u16> {
    let mut bytes = [0; 2];
    SystemRandom::new().fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u16::from_ne_bytes(bytes) % DRAWN)
}

/// One page, by itself: what hands out memory takes many at once, which the system counts as one.
fn page() -> io::Result<MmapMut> {
    let mut page = MmapMut::map_anon(1)?;
    page[0] = 1;
    Ok(page)
}

/// Where a line of the system's list of a process's memory says that what can be read there is from a file.
#[cfg(target_os = "linux")]
fn of_a_file(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_ascii_whitespace();
    let (range, rights, path) = (words.next()?, words.next()?, words.nth(3)?);
    let (begin, end) = range.split_once('-')?;
    let begin = u64::from_str_radix(begin, 16).ok()?;
    let end = u64::from_str_radix(end, 16).ok()?;
    (rights.starts_with('r') && path.starts_with('/')).then_some((begin, end))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_of_a_file_is_looked_at() {
        let code = "55d0c8a00000-55d0c8b00000 r-xp 00001000 fe:00 1234   /usr/bin/some program";
        assert_eq!(of_a_file(code), Some((0x55d0_c8a0_0000, 0x55d0_c8b0_0000)));
        assert_eq!(of_a_file("7f0000000000-7f0000001000 rw-p 00000000 00:00 0"), None);
        assert_eq!(of_a_file("7f0000000000-7f0000001000 r-xp 00000000 00:00 0    [vdso]"), None);
        assert_eq!(of_a_file("7f0000000000-7f0000001000 ---p 00000000 fe:00 9    /lib/some.so"), None);
    }

    #[test]
    fn a_number_is_drawn_each_time() {
        let drawn: Vec<u16> = (0..20).map(|_| drawn().expect("the system draws")).collect();
        assert!(drawn.iter().all(|one| *one < DRAWN));
        assert!(
            drawn.iter().any(|one| *one != drawn[0]),
            "twenty times the same is one in 16,384 to the nineteenth"
        );
        assert!(take_as_drawn().is_ok());
    }

    #[test]
    fn every_page_of_the_program_is_there_afterwards() {
        look_at_program();
        let of_program = std::env::current_exe().expect("a program runs").display().to_string();
        let pages = std::fs::read_to_string("/proc/self/smaps").expect("this process may read its own");
        let mut code = 0;
        let mut there = None;
        for line in pages.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words[..] {
                [_, "r-xp", ..] if line.ends_with(&of_program) => there = Some(0),
                ["Size:", size, "kB"] if there == Some(0) => there = size.parse().ok(),
                ["Rss:", held, "kB"] if there.is_some() => {
                    assert_eq!(there.take(), held.parse::<u64>().ok());
                    code += 1;
                }
                _ => {}
            }
        }
        assert!(code > 0);
    }
}
