//! What the model of a decision says along each parameter, through the point that was chosen.

use seqtune_core::sampler::{GpReason, Reason, TpeReason};
use seqtune_core::{History, Objective, Proposer, Trial, TrialEnd, View};
use seqtune_space::{Domain, Grain, Params, Part, SearchSpace, Value};

use crate::plots::shown;
use crate::spec::{Axis, Entry, Layer, Line, Mark, PlotSpec, Role, Rule, Sample, Scale, Shape, short, thousands};

/// Places along a parameter at which the model is asked.
const PLACES: u64 = 41;

/// How far below the best place the others are told apart, in logarithms.
const DEEPEST: f64 = 20.0;

/// Most parameters that are drawn.
const MOST_DRAWN: usize = 24;

/// What a model says along the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// One for each parameter that the point has and that can be varied.
    pub slices: Vec<Slice>,
    /// What is not drawn.
    pub notes: Vec<String>,
}

/// What a model says along one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The parameter.
    pub parameter: String,
    /// What is expected there: values with their intervals, or the densities of good trials and of the others.
    pub expected: PlotSpec,
    /// What a place is worth to the sampler, which took the one that is worth most.
    pub worth: PlotSpec,
}

/// There is nothing to ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// The sampler chooses without a model, or had too few results for one.
    #[error("no model chose this point: the sampler has none, or had too few results for one")]
    NoModel,
    /// The point did not come from the sampler.
    #[error("the sampler was not asked for this point, so there is no model behind it")]
    NotAsked,
    /// Nothing of it can be varied.
    #[error("the point has no parameter that could have another value by itself")]
    NothingVaries,
    /// Only the constraints counted.
    #[error("no trial kept the outcome constraints yet, so the model expected no values")]
    NothingExpected,
}

/// One parameter, its axis, and the places along it.
struct Course<'a> {
    name: &'a str,
    axis: Axis,
    places: Vec<(f64, Params)>,
    chosen: f64,
    best: Option<f64>,
    /// Places that the constraints forbid.
    forbidden: usize,
}

/// What the model that decided about a trial says along each parameter, all others being as chosen. `metric` names the objective
/// whose values are shown where several are modelled.
///
/// # Errors
/// [`SliceError`].
pub fn slices(
    history: &History,
    proposer: &Proposer,
    trial: &Trial,
    metric: Option<&str>,
) -> Result<Slices, SliceError> {
    if trial.origin != seqtune_core::Origin::Sampler {
        return Err(SliceError::NotAsked);
    }
    let space = history.space(trial.space_version);
    let best = best_seen(history, trial);
    let mut courses = courses(space, trial, best);
    if courses.is_empty() {
        return Err(SliceError::NothingVaries);
    }
    let (drawn, alone): (Vec<Course<'_>>, Vec<Course<'_>>) =
        courses.into_iter().partition(|course| course.places.len() > 1);
    courses = drawn;
    let mut notes = Vec::new();
    if !alone.is_empty() {
        let names: Vec<&str> = alone.iter().map(|course| course.name).collect();
        notes.push(format!("with all others as they are no other value is allowed of: {}", names.join(", ")));
    }
    if courses.len() > MOST_DRAWN {
        notes.push(format!("the first {MOST_DRAWN} of {} parameters are drawn", courses.len()));
        courses.truncate(MOST_DRAWN);
    }
    // One question: the model is made once.
    let mut points = vec![trial.params.clone()];
    points.extend(courses.iter().flat_map(|course| course.places.iter().map(|(_, params)| params.clone())));
    let mut said = proposer.said_of(history, trial, &points).into_iter();
    let of_chosen = said.next().flatten().ok_or(SliceError::NoModel)?;
    let mut slices = Vec::with_capacity(courses.len());
    for course in &courses {
        let along: Vec<(f64, Reason)> =
            course.places.iter().zip(said.by_ref()).filter_map(|((at, _), reason)| Some((*at, reason?))).collect();
        slices.push(course.slice(&Asked { history, trial, best, metric }, &of_chosen, &along)?);
    }
    Ok(Slices { slices, notes })
}

/// The best trial that the decision saw the end of.
fn best_seen<'a>(history: &'a History, trial: &Trial) -> Option<&'a Trial> {
    let direction = history.spec.objective().direction;
    let view = View::then(history, trial.number, trial.seen);
    let completed = view
        .finished()
        .filter(|one| one.end == Some(TrialEnd::Completed))
        .filter_map(|one| Some((one, history.is_feasible(one), history.value(one)?)));
    let better = |best: (_, bool, f64), one: (_, bool, f64)| {
        if (one.1 && !best.1) || (one.1 == best.1 && direction.better(one.2, best.2)) { one } else { best }
    };
    completed.reduce(better).map(|(one, ..)| one)
}

fn courses<'a>(space: &'a SearchSpace, trial: &Trial, best: Option<&Trial>) -> Vec<Course<'a>> {
    let encoded = space.encode(&trial.params);
    let unit: Vec<f64> = encoded.iter().map(|at| at.unwrap_or(0.5)).collect();
    let mut courses = Vec::new();
    for (number, dimension) in space.dimensions().iter().enumerate() {
        let parameter = &space.parameters()[dimension.parameter];
        let Some(own) = trial.params.get(&parameter.name).filter(|_| dimension.part == Part::Whole) else { continue };
        let places: Vec<f64> = match space.grain(dimension, PLACES) {
            Grain::Continuous => {
                (0..PLACES).map(|k| (k as f64 / (PLACES - 1) as f64).min(1.0 - f64::EPSILON)).collect()
            }
            Grain::Cells(ends) => ends.windows(2).map(|cell| f64::midpoint(cell[0], cell[1])).collect(),
            Grain::Choices(count) => (0..count).map(|k| (k as f64 + 0.5) / count as f64).collect(),
        };
        if places.len() < 2 {
            continue;
        }
        let (mut found, mut forbidden) = (Vec::new(), 0);
        for place in places {
            let mut unit = unit.clone();
            unit[number] = place;
            match space.decode(&unit) {
                Ok(params) if space.allows(&params).is_ok() => found.push(params),
                _ => forbidden += 1,
            }
        }
        let along = Along::of(&parameter.domain, &parameter.name);
        let at = |params: &Params| params.get(&parameter.name).and_then(|value| along.place(value));
        let Some(chosen) = along.place(own) else { continue };
        let mut placed: Vec<(f64, Params)> =
            found.into_iter().filter_map(|params| Some((at(&params)?, params))).collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        placed.dedup_by(|a, b| a.0 == b.0);
        let best = best.and_then(|best| at(&best.params));
        courses.push(Course { name: &parameter.name, axis: along.axis, places: placed, chosen, best, forbidden });
    }
    courses
}

/// A parameter as an axis.
struct Along {
    axis: Axis,
    names: Vec<Value>,
}

impl Along {
    fn of(domain: &Domain, name: &str) -> Along {
        let values = match domain {
            Domain::Categorical { choices } => choices.clone(),
            Domain::Ordinal { values } => values.clone(),
            Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Domain::Float { .. } | Domain::Int { .. } | Domain::List { .. } => Vec::new(),
        };
        let log = match domain {
            Domain::Float { low, scale, .. } => *scale == seqtune_space::Scale::Log && *low > 0.0,
            Domain::Int { low, scale, .. } => *scale == seqtune_space::Scale::Log && *low > 0,
            _ => false,
        };
        let ends = [0.0, 1.0 - f64::EPSILON].map(|at| domain.decode(at).as_f64().unwrap_or(at));
        let axis = match domain {
            _ if !values.is_empty() => Axis::names(name, values.iter().map(shown).collect()),
            _ if log => Axis::log(name, ends),
            Domain::Int { .. } => Axis::counting(name, ends),
            _ => Axis::linear(name, ends),
        };
        Along { axis, names: values }
    }

    fn place(&self, value: &Value) -> Option<f64> {
        match self.axis.scale {
            Scale::Categorical(_) => self.names.iter().position(|name| name.same(value)).map(|at| at as f64),
            Scale::Linear { .. } | Scale::Log => value.as_f64(),
        }
    }
}

/// What the question was.
struct Asked<'a> {
    history: &'a History,
    trial: &'a Trial,
    best: Option<&'a Trial>,
    metric: Option<&'a str>,
}

impl Asked<'_> {
    /// Median and interval of the metric that is shown.
    fn expected(&self, reason: &GpReason) -> Option<(f64, f64, f64)> {
        let named = |one: &&seqtune_core::sampler::Expected| Some(one.metric.as_str()) == self.metric;
        let one = reason.expected.iter().find(named).or(reason.expected.first())?;
        Some((one.median, one.from.min(one.to), one.from.max(one.to)))
    }

    fn metric_name(&self, reason: &GpReason) -> String {
        let named = reason.expected.iter().find(|one| Some(one.metric.as_str()) == self.metric);
        named.or(reason.expected.first()).map_or_else(String::new, |one| one.metric.clone())
    }

    fn objective(&self, metric: &str) -> Option<&Objective> {
        self.history.spec.objectives.iter().find(|objective| objective.metric == metric)
    }
}

impl Course<'_> {
    fn slice(&self, asked: &Asked<'_>, chosen: &Reason, along: &[(f64, Reason)]) -> Result<Slice, SliceError> {
        let (expected, worth) = match chosen {
            Reason::Gp(chosen) => {
                let of = |(at, reason): &(f64, Reason)| match reason {
                    Reason::Gp(reason) => Some((*at, reason.clone())),
                    _ => None,
                };
                let along: Vec<(f64, GpReason)> = along.iter().filter_map(of).collect();
                (self.beliefs(asked, chosen, &along)?, self.gains(asked, chosen, &along))
            }
            Reason::Tpe(chosen) => {
                let of = |(at, reason): &(f64, Reason)| match reason {
                    Reason::Tpe(reason) => Some((*at, reason.clone())),
                    _ => None,
                };
                let along: Vec<(f64, TpeReason)> = along.iter().filter_map(of).collect();
                (self.densities(asked, chosen, &along), self.ratios(asked, chosen, &along))
            }
            _ => return Err(SliceError::NoModel),
        };
        let mut expected = expected;
        if self.forbidden > 0 {
            expected.notes.push(format!("places that break the constraints: {}", thousands(self.forbidden)));
        }
        Ok(Slice { parameter: self.name.to_owned(), expected, worth })
    }

    /// What a Gaussian process expects.
    fn beliefs(&self, asked: &Asked<'_>, chosen: &GpReason, along: &[(f64, GpReason)]) -> Result<PlotSpec, SliceError> {
        let (median, from, to) = asked.expected(chosen).ok_or(SliceError::NothingExpected)?;
        let points: Vec<(f64, (f64, f64, f64))> =
            along.iter().filter_map(|(at, reason)| Some((*at, asked.expected(reason)?))).collect();
        let metric = asked.metric_name(chosen);
        let best = asked.best.and_then(|best| {
            let value = best.value_under(asked.objective(&metric)?)?;
            Some((self.best?, value, best.number))
        });
        let heights = points.iter().flat_map(|(_, (_, from, to))| [*from, *to]);
        let y = Axis::linear(metric.clone(), heights.chain([from, to]).chain(best.map(|(_, value, _)| value)));
        let mut layers = Vec::new();
        if self.is_named() {
            for (at, (_, from, to)) in &points {
                layers.push(Layer::Line(Line { width: 3.0, ..Line::new(vec![[*at, *from], [*at, *to]], Role::Quiet) }));
            }
            let mark = |(at, (median, ..)): &(f64, (f64, f64, f64))| plain([*at, *median], Role::Series(0), None);
            layers.push(Layer::Points(points.iter().map(mark).collect()));
        } else {
            layers.push(Layer::Band {
                points: points.iter().map(|(at, (_, from, to))| [*at, *from, *to]).collect(),
                role: Role::Series(0),
            });
            let line = points.iter().map(|(at, (median, ..))| [*at, *median]).collect();
            layers.push(Layer::Line(Line::new(line, Role::Series(0))));
        }
        layers.extend(best.map(|(at, value, trial)| {
            Layer::Points(vec![Mark { shape: Shape::Ring, size: 1.4, ..plain([at, value], Role::Quiet, Some(trial)) }])
        }));
        layers.push(self.chosen_rule());
        layers.push(Layer::Points(vec![plain([self.chosen, median], Role::Front, Some(asked.trial.number))]));
        let mut legend = vec![
            Entry { label: "expected".to_owned(), sample: Sample::Line { role: Role::Series(0), dashed: false } },
            Entry { label: "68 % of its belief".to_owned(), sample: Sample::Area(Role::Series(0)) },
            Entry { label: "chosen".to_owned(), sample: Sample::Mark(Shape::Disc, Role::Front) },
        ];
        legend.extend(best.map(|(.., trial)| Entry {
            label: format!("trial {trial}, the best then"),
            sample: Sample::Mark(Shape::Ring, Role::Quiet),
        }));
        let lowest = points.iter().map(|(_, (median, ..))| *median).fold(f64::INFINITY, f64::min);
        let highest = points.iter().map(|(_, (median, ..))| *median).fold(f64::NEG_INFINITY, f64::max);
        let reading = format!(
            "Along {} the model expected {metric} from {} to {}, and {} at the chosen place.",
            self.name,
            short(lowest, 4),
            short(highest, 4),
            short(median, 4)
        );
        Ok(self.spec("What the model expected along", reading, y, layers, legend))
    }

    /// What the places are worth to a Gaussian process.
    fn gains(&self, asked: &Asked<'_>, chosen: &GpReason, along: &[(f64, GpReason)]) -> PlotSpec {
        let values: Vec<[f64; 2]> = along.iter().map(|(at, reason)| [*at, reason.ln_improvement]).collect();
        let reading = format!(
            "The logarithm of the expected improvement along {}; it is {} at the chosen place.",
            self.name,
            short(chosen.ln_improvement, 4)
        );
        self.worths(asked, "ln improvement", values, chosen.ln_improvement, reading)
    }

    /// The densities of a Parzen estimator.
    fn densities(&self, asked: &Asked<'_>, chosen: &TpeReason, along: &[(f64, TpeReason)]) -> PlotSpec {
        let good: Vec<[f64; 2]> = along.iter().map(|(at, reason)| [*at, reason.ln_good]).collect();
        let others: Vec<[f64; 2]> = along.iter().map(|(at, reason)| [*at, reason.ln_others]).collect();
        let heights = good.iter().chain(&others).map(|[_, value]| *value);
        let y = Axis::linear("ln density", heights.chain([chosen.ln_good, chosen.ln_others]));
        let mut layers = Vec::new();
        for (values, role, dashed) in [(&others, Role::Quiet, true), (&good, Role::Series(0), false)] {
            layers.extend(self.drawn(values, role, dashed));
        }
        layers.extend(self.best_rule(asked));
        layers.push(self.chosen_rule());
        layers.push(Layer::Points(vec![plain([self.chosen, chosen.ln_good], Role::Front, Some(asked.trial.number))]));
        let line = |label: String, role, dashed| Entry { label, sample: Sample::Line { role, dashed } };
        let legend = vec![
            line(format!("l, of the {} best", thousands(chosen.good as usize)), Role::Series(0), false),
            line(format!("g, of the {} others", thousands(chosen.others as usize)), Role::Quiet, true),
            Entry { label: "chosen".to_owned(), sample: Sample::Mark(Shape::Disc, Role::Front) },
        ];
        let reading = format!(
            "Densities of good trials and of the others along {}: ln l = {} and ln g = {} at the chosen place.",
            self.name,
            short(chosen.ln_good, 4),
            short(chosen.ln_others, 4)
        );
        self.spec("Densities along", reading, y, layers, legend)
    }

    /// What the places are worth to a Parzen estimator.
    fn ratios(&self, asked: &Asked<'_>, chosen: &TpeReason, along: &[(f64, TpeReason)]) -> PlotSpec {
        let values: Vec<[f64; 2]> = along.iter().map(|(at, reason)| [*at, reason.ln_good - reason.ln_others]).collect();
        let ratio = chosen.ln_good - chosen.ln_others;
        let reading = format!("ln l/g along {}; it is {} at the chosen place.", self.name, short(ratio, 4));
        self.worths(asked, "ln l/g", values, ratio, reading)
    }

    fn worths(&self, asked: &Asked<'_>, label: &str, values: Vec<[f64; 2]>, chosen: f64, reading: String) -> PlotSpec {
        // What is worth next to nothing would press all else together.
        let most = values.iter().map(|[_, value]| *value).fold(chosen, f64::max);
        let held = |value: f64| value.max(most - DEEPEST);
        let cut = values.iter().any(|[_, value]| *value < most - DEEPEST);
        let values: Vec<[f64; 2]> = values.into_iter().map(|[at, value]| [at, held(value)]).collect();
        let y = Axis::linear(label, values.iter().map(|[_, value]| *value).chain([chosen]));
        let mut layers: Vec<Layer> = self.drawn(&values, Role::Series(1), false);
        layers.extend(self.best_rule(asked));
        layers.push(self.chosen_rule());
        layers.push(Layer::Points(vec![plain([self.chosen, chosen], Role::Front, Some(asked.trial.number))]));
        let mut spec = self.spec("What places are worth along", reading, y, layers, Vec::new());
        if cut {
            spec.notes.push("places that are worth next to nothing stand at the edge".to_owned());
        }
        spec
    }

    fn is_named(&self) -> bool {
        matches!(self.axis.scale, Scale::Categorical(_))
    }

    /// Values along the parameter: a line, or a point for each name.
    fn drawn(&self, values: &[[f64; 2]], role: Role, dashed: bool) -> Vec<Layer> {
        if self.is_named() {
            let shape = if dashed { Shape::Ring } else { Shape::Disc };
            return vec![Layer::Points(values.iter().map(|at| Mark { shape, ..plain(*at, role, None) }).collect())];
        }
        vec![Layer::Line(Line { dashed, ..Line::new(values.to_vec(), role) })]
    }

    fn chosen_rule(&self) -> Layer {
        Layer::Rule(Rule { at: self.chosen, vertical: true, role: Role::Front, label: String::new() })
    }

    fn best_rule(&self, asked: &Asked<'_>) -> Vec<Layer> {
        let Some((at, trial)) = self.best.zip(asked.best) else { return Vec::new() };
        vec![Layer::Rule(Rule { at, vertical: true, role: Role::Quiet, label: format!("best: {}", trial.number) })]
    }

    fn spec(&self, title: &str, reading: String, y: Axis, layers: Vec<Layer>, legend: Vec<Entry>) -> PlotSpec {
        PlotSpec {
            title: format!("{title} {}", self.name),
            reading,
            x: self.axis.clone(),
            y,
            layers,
            legend,
            scale: None,
            notes: Vec::new(),
        }
    }
}

fn plain([x, y]: [f64; 2], role: Role, trial: Option<u64>) -> Mark {
    Mark { x, y, shape: Shape::Disc, role, size: 1.0, trial }
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;

    use super::*;

    const SPACE: &str = "lr = { type = 'float', low = 1e-4, high = 0.1, log = true }\n\
                         model = { type = 'categorical', choices = ['deep', 'wide'] }\n\
                         layers = { type = 'int', low = 1, high = 8, when = { model = 'deep' } }\n\
                         fixed = { type = 'categorical', choices = ['one'] }\n\
                         constraints = ['layers < 7']";

    fn slices_of(sampler: &str, trials: u64) -> Result<Slices, SliceError> {
        let history = study(SPACE).sampler(sampler).trials(trials).history();
        let trial = history.trials.last().unwrap();
        slices(&history, &Proposer::new(&history.spec.sampler), trial, None)
    }

    #[test]
    fn a_gaussian_process_has_a_band_and_what_it_chose_is_worth_most_of_its_line() {
        let history = study(SPACE).sampler("gp").trials(16).history();
        let trial = history.trials.last().unwrap();
        let found = slices(&history, &Proposer::new(&history.spec.sampler), trial, Some("value")).unwrap();
        let names: Vec<&str> = found.slices.iter().map(|slice| slice.parameter.as_str()).collect();
        assert_eq!(names[..2], ["lr", "model"]);
        let lr = &found.slices[0];
        assert_eq!(lr.expected.x.scale, Scale::Log);
        assert!(
            lr.expected.layers.iter().any(|layer| matches!(layer, Layer::Band { points, .. } if points.len() == 41))
        );
        let line = lr.worth.layers.iter().find_map(|layer| match layer {
            Layer::Line(line) => Some(&line.points),
            _ => None,
        });
        let most = line.unwrap().iter().map(|[_, value]| *value).fold(f64::NEG_INFINITY, f64::max);
        let chosen = lr.worth.layers.iter().rev().find_map(|layer| match layer {
            Layer::Points(marks) => marks.first().map(|mark| (mark.y, mark.trial)),
            _ => None,
        });
        let (worth, of) = chosen.unwrap();
        assert_eq!(of, Some(15));
        assert!(worth >= most - 0.05, "{worth} {most}");
    }

    #[test]
    fn a_parzen_estimator_has_two_densities() {
        let found = slices_of("tpe", 16).unwrap();
        assert!(found.slices.iter().all(|slice| slice.expected.legend.len() == 3 && slice.worth.y.label == "ln l/g"));
        let layers = found.slices.iter().find(|slice| slice.parameter == "layers");
        if let Some(layers) = layers {
            assert_eq!(layers.expected.notes, ["places that break the constraints: 2"]);
        }
    }

    #[test]
    fn where_there_is_no_model_one_sentence_says_so() {
        assert_eq!(slices_of("random", 9), Err(SliceError::NoModel));
        assert_eq!(slices_of("gp", 3), Err(SliceError::NoModel));
        let history = study("x = { type = 'int', low = 1, high = 3, default = 2 }").trials(1).history();
        let proposer = Proposer::new(&history.spec.sampler);
        assert_eq!(slices(&history, &proposer, &history.trials[0], None), Err(SliceError::NotAsked));
    }
}
