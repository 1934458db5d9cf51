//! Amounts that vary between learners: which are told, and to which step.
use super::super::figure::{Figure, Symbol};
use super::super::policy::Policy;
use super::{Amount, Asked, AskedGroup, Counted, Measure, Told};

/// How amounts are told.
pub(super) struct Amounts<'a> {
    asked: &'a Asked,
    policy: &'a Policy,
    /// Whether every learner has one row at most, so that rows are learners.
    one_row_each: bool,
    /// For each amount and shown group whether it is not told.
    untold: Vec<Vec<bool>>,
}

impl<'a> Amounts<'a> {
    pub(super) fn of(asked: &'a Asked, shown: &[&AskedGroup], policy: &'a Policy) -> Self {
        let one_row_each = asked.groups.iter().all(|group| group.rows == group.all());
        let mut untold = Vec::new();
        for at in 0..asked.amounts.len() {
            let mut column: Vec<bool> =
                shown.iter().map(|group| dominated(&group.amounts[at], policy)).collect();
            // Alone it would be what the others leave of the sum.
            if column.iter().filter(|untold| **untold).count() == 1 {
                let beside = (0..column.len()).filter(|group| !column[*group]);
                if let Some(next) = beside.min_by_key(|group| shown[*group].all()) {
                    column[next] = true;
                }
            }
            untold.push(column);
        }
        Self { asked, policy, one_row_each, untold }
    }

    pub(super) fn told(&self, at: usize, group: &AskedGroup, measure: Measure) -> Told {
        let hidden = Told::Figure(Figure::Symbol(Symbol::Confidential));
        match measure {
            Measure::Count(counted) => self.counted(at, group, counted),
            Measure::Share(part, whole) => {
                let (part, whole) = (self.counted(at, group, part), self.counted(at, group, whole));
                match (number(part), number(whole)) {
                    (Some(part), Some(whole)) if whole > 0.0 => {
                        Told::Figure(Figure::share(part / whole, self.policy.rate_decimals()))
                    }
                    (Some(_), Some(_)) => Told::Figure(Figure::Symbol(Symbol::NotAvailable)),
                    _ => hidden,
                }
            }
            Measure::Sum(amount) | Measure::Mean(amount) if self.untold[amount][at] => hidden,
            Measure::Sum(amount) => Told::Number(self.sum(group, amount)),
            Measure::Mean(amount) => {
                let found = group.amounts[amount];
                if found.rows == 0 {
                    return Told::Figure(Figure::Symbol(Symbol::NotAvailable));
                }
                if self.is_plain(amount) {
                    return Told::Number(significant(found.sum / found.rows as f64, self.digits()));
                }
                let rows = self.policy.rounded(found.rows).max(1) as f64;
                Told::Number(significant(self.sum(group, amount) / rows, self.digits()))
            }
        }
    }

    fn counted(&self, at: usize, group: &AskedGroup, counted: Counted) -> Told {
        let heads = |exact: u64| Told::Figure(Figure::count(exact, self.policy.rounded(exact)));
        match counted {
            Counted::Learners(None) => heads(group.all()),
            Counted::Learners(Some(filter)) => heads(group.fulfilling(filter)),
            Counted::Rows(amount) if self.one_row_each => match self.asked.amounts[amount].0 {
                None => heads(group.all()),
                Some(filter) => heads(group.fulfilling(filter)),
            },
            Counted::Rows(amount) if self.untold[amount][at] => {
                Told::Figure(Figure::Symbol(Symbol::Confidential))
            }
            Counted::Rows(amount) => Told::Figure(Figure::Count(self.sum(group, amount) as i64)),
        }
    }

    /// A column of the release as it is, one value for each learner: nobody chose who weighs how much.
    fn is_plain(&self, amount: usize) -> bool {
        self.policy.threshold() == 0 || self.one_row_each && self.asked.amounts[amount].1
    }

    fn digits(&self) -> i32 {
        if self.policy.threshold() == 0 { 6 } else { 3 }
    }

    /// A sum, to a step of what as many learners bring as a count is rounded to.
    fn sum(&self, group: &AskedGroup, amount: usize) -> f64 {
        let found = group.amounts[amount];
        if self.policy.threshold() == 0 {
            return significant(found.sum, 12);
        }
        if self.is_plain(amount) {
            return significant(found.sum, 3);
        }
        let step = round_step(found.largest[0] * self.policy.round_to() as f64);
        if step > 0.0 { (found.sum / step).round() * step } else { 0.0 }
    }
}

fn number(told: Told) -> Option<f64> {
    match told {
        Told::Figure(Figure::Count(count)) => Some(count as f64),
        Told::Number(number) => Some(number),
        Told::Figure(_) => None,
    }
}

/// Two who make up nine tenths of it, or all the others together less than a tenth of the largest: the rules of ACRO.
/// And few who bring anything are few.
fn dominated(amount: &Amount, policy: &Policy) -> bool {
    if policy.threshold() == 0 {
        return false;
    }
    let [first, second] = amount.largest;
    let all = amount.sum.abs();
    !(all.is_finite() && first.is_finite() && second.is_finite())
        || policy.is_small(amount.learners)
        || amount.bringing < policy.threshold()
        || first + second >= 0.9 * all
        || all - first - second < 0.1 * first
}

/// To so many digits.
fn significant(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let places = digits - 1 - value.abs().log10().floor() as i32;
    format!("{:.*}", places.clamp(0, 12) as usize, round_to(value, places)).parse().unwrap_or(0.0)
}

fn round_to(value: f64, places: i32) -> f64 {
    if places >= 0 {
        let scale = 10_f64.powi(places);
        (value * scale).round() / scale
    } else {
        let scale = 10_f64.powi(-places);
        (value / scale).round() * scale
    }
}

/// The least 1, 2 or 5 times a power of ten that is no smaller.
fn round_step(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 0.0;
    }
    let power = 10_f64.powi(least.log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|times| times * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(least)
}
