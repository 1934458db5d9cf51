use super::*;
use crate::{command::Exit, pipeline::review::Case};

fn queue(pairs: u8) -> Queue {
    Queue { cases: (1..=pairs).map(Case::invented).collect(), waiting: usize::from(pairs) }
}

/// What came of some lines: the screens, the batches written, and how it ended.
struct Ran {
    screens: Vec<String>,
    batches: Vec<Vec<Taken>>,
    ended: Result<(), Halt>,
}

impl Ran {
    fn decisions(&self) -> Vec<(u8, LinkVerdict, &str)> {
        let all = self.batches.iter().flatten();
        all.map(|taken| (taken.pair.0[0], taken.verdict, taken.reason.as_str())).collect()
    }
}

/// Feeds lines through the loop. A reason with `@` in it is refused, as the program refuses one that names somebody.
fn run(queue: &Queue, lines: &str) -> Ran {
    let mut session = Session::new(queue);
    let (mut screens, mut batches) = (Vec::new(), Vec::new());
    let ended =
        work(&mut session, &mut lines.as_bytes(), &mut |text| screens.push(text.to_owned()), &mut |work| {
            match work {
                Work::Reason(text) if text.contains('@') => {
                    Err(Halt::new(Exit::Usage, "the reason seems to hold"))
                }
                Work::Reason("") => Err(Halt::new(Exit::Usage, "give a reason")),
                Work::Reason("broken disk") => Err(Halt::new(Exit::Failed, "the disk refused")),
                Work::Reason(text) => Ok(Some(format!("sealed {text}"))),
                Work::Write(taken) => {
                    batches.push(taken.to_vec());
                    Ok(None)
                }
            }
        });
    assert_eq!(session.written(), batches.iter().map(Vec::len).sum::<usize>());
    Ran { screens, batches, ended }
}

use LinkVerdict::{Different, Same, Withdrawn};

#[test]
fn pairs_are_decided_one_after_the_other() {
    let ran = run(&queue(3), "s\n1\nd\nboth came on one day\nn\n");
    ran.ended.as_ref().unwrap();
    assert_eq!(
        ran.decisions(),
        [(1, Same, "sealed numbers and names agree"), (2, Different, "sealed both came on one day")]
    );
    assert_eq!(ran.batches.len(), 1, "all at the end");
    assert_eq!(ran.screens.len(), 5);
    assert!(ran.screens[0].starts_with("Pair 1 of 3: likely one child"), "{}", ran.screens[0]);
    assert!(ran.screens[0].contains("How likely they are one child: 0.87. Now they are two learners."));
    assert!(ran.screens[0].contains("INVENTED SURNAME"));
    assert!(ran.screens[0].contains("a short or other form"), "agreement is said in words");
    assert!(ran.screens[1].contains("[1] numbers and names agree"));
    assert!(ran.screens[2].contains("Pair 2 of 3") && ran.screens[2].contains("MAY BE TWINS"));
    assert!(ran.screens[4].contains("Pair 3 of 3") && !ran.screens[4].contains("TWINS"));
}

#[test]
fn no_screen_is_wider_than_a_terminal() {
    for screen in run(&queue(2), "?\nx\ns\n99\n\nb\nq\n").screens {
        for line in screen.lines() {
            assert!(line.chars().count() <= 110, "{line}");
        }
    }
}

#[test]
fn a_reason_that_names_somebody_is_asked_for_again() {
    let ran = run(&queue(1), "d\nkai@home\n\nsiblings\n");
    assert_eq!(ran.decisions(), [(1, Different, "sealed siblings")]);
    assert!(ran.screens[2].contains("the reason seems to hold"), "{}", ran.screens[2]);
    assert!(ran.screens[3].contains("give a reason"));
    assert!(!ran.screens.concat().contains("kai@home"), "it is not said again");
}

#[test]
fn one_can_go_back_and_think_again() {
    // Before it is written: the new word takes the place of the old.
    let ran = run(&queue(3), "s\n1\nb\nd\n5\nq\n");
    assert_eq!(ran.decisions(), [(1, Different, "sealed twins or siblings")]);
    assert!(ran.screens[3].contains("You said: The same child."), "{}", ran.screens[3]);
    // Or none does.
    assert_eq!(run(&queue(3), "s\n1\nb\nn\nq\n").decisions(), []);
    // Back from the reason to the letters; there is nothing before the first.
    let ran = run(&queue(1), "s\nb\nb\nq\n");
    assert_eq!(ran.decisions(), []);
    assert!(ran.screens[3].contains("This is the first pair."));
}

#[test]
fn a_batch_is_written_when_enough_wait_and_can_be_taken_back() {
    let mut lines = "s\n1\n".repeat(10);
    lines.push_str("b\nn\nq\n");
    let ran = run(&queue(12), &lines);
    assert_eq!(ran.batches.iter().map(Vec::len).collect::<Vec<_>>(), [10, 1]);
    assert_eq!(ran.batches[1][0].verdict, Withdrawn, "what was written is taken back, not forgotten");
    assert_eq!(ran.batches[1][0].pair, ran.batches[0][9].pair);
}

#[test]
fn whoever_leaves_keeps_what_was_decided() {
    for end in ["q\n", "quit\n", ""] {
        let ran = run(&queue(3), &format!("d\n6\n{end}"));
        ran.ended.as_ref().unwrap();
        assert_eq!(ran.decisions(), [(1, Different, "sealed two children of one name")], "{end:?}");
    }
    for end in ["", "q\n", "Quit\n"] {
        assert_eq!(
            run(&queue(2), &format!("s\n{end}")).decisions(),
            [],
            "without a reason nothing is decided"
        );
    }
}

#[test]
fn letters_that_mean_nothing_decide_nothing() {
    let ran = run(&queue(1), "\nx\nyes\n?\n1\nq\n");
    assert_eq!(ran.decisions(), []);
    assert!(ran.screens[1].contains("Nothing was decided"));
    assert!(ran.screens[2].contains("none of the letters"));
    assert!(ran.screens[4].contains("Evidence is in bits"));
}

#[test]
fn a_failure_of_the_program_ends_it() {
    let ran = run(&queue(2), "s\nbroken disk\ns\n1\n");
    assert_eq!(ran.ended.unwrap_err().exit, Exit::Failed);
}
