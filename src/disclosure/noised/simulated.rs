//! An attacker who knows everything about everybody else, and an auditor who looks whether the noise is what it is said to be.
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn deep() -> bool {
    std::env::var_os("THROUGHLINE_DEEP").is_some()
}

fn count_of(members: u64, spend: u64, seed: &[u8; 32]) -> f64 {
    let rows = (0..members).map(|member| FrameRow { member, ..FrameRow::default() }).collect();
    let measures = vec![Measure::Count(Counted::Learners(None))];
    let asked = Frame { rows, measures, ..Frame::default() };
    let terms = Terms { most_groups: 1, most_of_one: 400, spend, seed: Seed(seed) };
    match super::tests::whole(&asked, terms).groups[0].1[0] {
        Told::Near { value, .. } => value,
        _ => 0.0,
    }
}

fn seed(rng: &mut ChaCha8Rng) -> [u8; 32] {
    std::array::from_fn(|_| rng.random())
}

/// How often whoever is right who says "she is in it" of the larger of two figures: of all thresholds the best.
fn best_guess(without: &mut [f64], with: &mut [f64]) -> f64 {
    without.sort_by(f64::total_cmp);
    with.sort_by(f64::total_cmp);
    let share =
        |of: &[f64], from: f64| of.iter().filter(|value| **value >= from).count() as f64 / of.len() as f64;
    let mut thresholds: Vec<f64> = without.iter().chain(with.iter()).copied().collect();
    thresholds.dedup();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let right = thresholds.iter().map(|from| f64::midpoint(share(with, *from), 1.0 - share(without, *from)));
    right.fold(0.5, f64::max)
}

/// The auditor: the whole budget spent on one count with and without one learner, over and over. No guess is right more
/// often than the budget allows (.6995 of all, for noise in whole numbers), nor much more seldom: then the noise would not be what is said.
#[test]
fn an_auditor_finds_the_noise_that_is_declared() {
    let draws = if deep() { 200_000 } else { 4_000 };
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut of =
        |members| (0..draws).map(|_| count_of(members, QUESTIONS, &seed(&mut rng))).collect::<Vec<_>>();
    let right = best_guess(&mut of(200), &mut of(201));
    let error = 0.5 / f64::from(draws).sqrt();
    println!("{draws} tables, the whole budget on one learner: the best guess is right in {right:.4}");
    assert!(right < 0.6995 + 4.0 * error, "{right}");
    assert!(right > 0.6, "{right}");
}

/// Attack 9: fifty questions of which every one has the victim in it or not, by whether she fulfils a condition; the attacker knows how many
/// of the others do in each. She adds up what is left, and says what she is sure of: 99 to 1.
#[test]
fn attack_09_fifty_questions_of_a_study_isolate_nobody_and_none_is_refused() {
    let studies = if deep() { 1_000 } else { 100 };
    let (mut right, mut sure) = (0_u32, 0);
    for study in 0..studies {
        let mut rng = ChaCha8Rng::seed_from_u64(study);
        let fulfils = rng.random_range(0..2_u64);
        let mut evidence = 0.0;
        for _ in 0..50 {
            let others = rng.random_range(60..600);
            let left = count_of(others + fulfils, 1, &seed(&mut rng)) - others as f64;
            // How much likelier what is left is if she fulfils it.
            evidence += (left - 0.5) / UNIT as f64;
        }
        right += u32::from((evidence > 0.0) == (fulfils == 1));
        sure += u32::from(evidence.abs() > 99.0_f64.ln());
    }
    println!(
        "{studies} studies, fifty questions each about one learner: right about {right}, sure of {sure}"
    );
    assert_eq!(sure, 0);
    let most = f64::from(u32::try_from(studies).unwrap()) * 0.638;
    assert!(f64::from(right) < most + 4.0 * (most * 0.362).sqrt(), "{right} of {studies}");
}
