//! Minimises from many starts at once, within the unit cube.
//!
//! All starts advance together, and each step evaluates all of them in one batch: a Gaussian process answers sixteen
//! questions in the time of three. Each is projected L-BFGS: coordinates at a bound that the gradient pushes against are held, the rest
//! moves along the two-loop direction (Nocedal and Wright, "Numerical Optimization", algorithm 7.4), and a step that leaves the cube
//! is cut back into it.
//!
//! argmin has no bounds and no batches, but its [`Solver`] asks for neither: the parameter of [`BoxLbfgs`] is the whole batch, and its
//! cost that of the best start.

use std::collections::VecDeque;

use argmin::core::{
    CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};

/// Points, and for each which of its coordinates may move.
pub(super) type Batch = Vec<Vec<f64>>;

type State = IterState<Batch, Batch, (), (), (), f64>;

/// Vectors that a start remembers.
const MEMORY: usize = 8;
/// Steps of the search at most.
const STEPS: u64 = 60;
/// The share of the decrease that the gradient promises that a step must reach (Armijo's condition).
const SUFFICIENT: f64 = 1e-4;
/// Halvings of a step before a start counts as done.
const HALVINGS: u32 = 12;
/// A start is done when its projected gradient, or its gain, is smaller.
const GRADIENT: f64 = 1e-4;
const GAIN: f64 = 1e-6;

/// A function of one point that is evaluated at many: values and gradients.
pub(super) trait Objective {
    /// At each point.
    fn evaluate(&self, points: &Batch) -> (Vec<f64>, Batch);
}

/// The lowest points that are found from these starts, with their values. `free[k]` says which coordinates of start k move.
pub(super) fn minimise(objective: &dyn Objective, starts: Batch, free: Vec<Vec<bool>>) -> Vec<(Vec<f64>, f64)> {
    if starts.is_empty() {
        return Vec::new();
    }
    let solver = BoxLbfgs { free, descents: Vec::new() };
    let found = Executor::new(Batched { objective }, solver)
        .configure(|state| state.param(starts.clone()).max_iters(STEPS))
        .timer(false)
        .ctrlc(false)
        .run();
    match found {
        Ok(found) => found.solver.descents.into_iter().map(|descent| (descent.at, descent.value)).collect(),
        // Neither the objective nor the solver has an error to give.
        Err(_) => Vec::new(),
    }
}

struct Batched<'a> {
    objective: &'a dyn Objective,
}

impl CostFunction for Batched<'_> {
    type Param = Batch;
    type Output = Vec<f64>;

    fn cost(&self, points: &Batch) -> Result<Vec<f64>, Error> {
        Ok(self.objective.evaluate(points).0)
    }
}

impl Gradient for Batched<'_> {
    type Param = Batch;
    type Gradient = (Vec<f64>, Batch);

    /// Values come with the gradients: they share most of the work.
    fn gradient(&self, points: &Batch) -> Result<(Vec<f64>, Batch), Error> {
        Ok(self.objective.evaluate(points))
    }
}

/// Projected L-BFGS over a batch.
struct BoxLbfgs {
    free: Vec<Vec<bool>>,
    descents: Vec<Descent>,
}

/// One start's way down.
struct Descent {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    /// Steps and changes of the gradient, the newest last.
    memory: VecDeque<(Vec<f64>, Vec<f64>)>,
    direction: Vec<f64>,
    length: f64,
    halvings: u32,
    done: bool,
}

impl Descent {
    fn begin(at: Vec<f64>, value: f64, gradient: Vec<f64>, free: &[bool]) -> Descent {
        let direction = Vec::new();
        let (memory, done) = (VecDeque::new(), !value.is_finite());
        let mut descent = Descent { at, value, gradient, memory, direction, length: 1.0, halvings: 0, done };
        descent.aim(free);
        descent
    }

    /// Coordinates that may move: free ones that no bound holds.
    fn moves(&self, free: &[bool]) -> Vec<bool> {
        let held =
            |k: usize| (self.at[k] <= 0.0 && self.gradient[k] > 0.0) || (self.at[k] >= 1.0 && self.gradient[k] < 0.0);
        (0..self.at.len()).map(|k| free[k] && !held(k)).collect()
    }

    /// Sets out anew from where it stands.
    fn aim(&mut self, free: &[bool]) {
        let moves = self.moves(free);
        let masked =
            |v: &[f64]| -> Vec<f64> { v.iter().zip(&moves).map(|(x, moves)| if *moves { *x } else { 0.0 }).collect() };
        let gradient = masked(&self.gradient);
        let steepest = gradient.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        if steepest < GRADIENT {
            self.done = true;
            return;
        }
        let mut q = gradient.clone();
        let mut shares = Vec::with_capacity(self.memory.len());
        for (s, y) in self.memory.iter().rev() {
            let (s, y) = (masked(s), masked(y));
            let curvature = dot(&s, &y);
            // What is left of a pair on the coordinates that move may have lost its curvature.
            if curvature <= 1e-12 * dot(&y, &y) {
                continue;
            }
            let share = dot(&s, &q) / curvature;
            add(&mut q, -share, &y);
            shares.push((share, curvature, s, y));
        }
        match shares.first() {
            Some((_, curvature, _, y)) => {
                let scale = curvature / dot(y, y);
                q.iter_mut().for_each(|part| *part *= scale);
            }
            // A first step goes a tenth of the cube at most.
            None => q.iter_mut().for_each(|part| *part *= 0.1 / steepest),
        }
        for (share, curvature, s, y) in shares.into_iter().rev() {
            let other = dot(&y, &q) / curvature;
            add(&mut q, share - other, &s);
        }
        if dot(&q, &gradient) <= 0.0 {
            self.memory.clear();
            q = gradient.iter().map(|part| part * 0.1 / steepest).collect();
        }
        self.direction = q.iter().map(|part| -part).collect();
        (self.length, self.halvings) = (1.0, 0);
    }

    fn trial(&self) -> Vec<f64> {
        if self.done {
            return self.at.clone();
        }
        self.at.iter().zip(&self.direction).map(|(at, step)| (at + self.length * step).clamp(0.0, 1.0)).collect()
    }

    /// Takes the trial point, or halves the step.
    fn judge(&mut self, at: Vec<f64>, value: f64, gradient: Vec<f64>, free: &[bool]) {
        let step: Vec<f64> = at.iter().zip(&self.at).map(|(new, old)| new - old).collect();
        let promised = dot(&step, &self.gradient);
        if !(value <= self.value + SUFFICIENT * promised && promised < 0.0) {
            self.halvings += 1;
            self.length *= 0.5;
            self.done = self.halvings > HALVINGS;
            return;
        }
        let gain = self.value - value;
        let change: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(new, old)| new - old).collect();
        if self.memory.len() == MEMORY {
            self.memory.pop_front();
        }
        self.memory.push_back((step, change));
        (self.at, self.value, self.gradient) = (at, value, gradient);
        if gain < GAIN {
            self.done = true;
        } else {
            self.aim(free);
        }
    }
}

impl Solver<Batched<'_>, State> for BoxLbfgs {
    fn name(&self) -> &str {
        "projected L-BFGS from many starts"
    }

    fn init(&mut self, problem: &mut Problem<Batched<'_>>, mut state: State) -> Result<(State, Option<KV>), Error> {
        let starts = state.take_param().unwrap_or_default();
        let (values, gradients) = problem.gradient(&starts)?;
        self.descents = (starts.into_iter().zip(values))
            .zip(gradients.into_iter().zip(&self.free))
            .map(|((at, value), (gradient, free))| Descent::begin(at, value, gradient, free))
            .collect();
        Ok((self.told(state), None))
    }

    fn next_iter(&mut self, problem: &mut Problem<Batched<'_>>, state: State) -> Result<(State, Option<KV>), Error> {
        let open: Vec<usize> = (0..self.descents.len()).filter(|k| !self.descents[*k].done).collect();
        let trials: Batch = open.iter().map(|k| self.descents[*k].trial()).collect();
        let (values, gradients) = problem.gradient(&trials)?;
        for (((k, at), value), gradient) in open.into_iter().zip(trials).zip(values).zip(gradients) {
            self.descents[k].judge(at, value, gradient, &self.free[k]);
        }
        Ok((self.told(state), None))
    }

    fn terminate(&mut self, _state: &State) -> TerminationStatus {
        if self.descents.iter().all(|descent| descent.done) {
            return TerminationStatus::Terminated(TerminationReason::SolverConverged);
        }
        TerminationStatus::NotTerminated
    }
}

impl BoxLbfgs {
    /// What argmin's observers see.
    fn told(&self, state: State) -> State {
        let best = self.descents.iter().map(|descent| descent.value).fold(f64::INFINITY, f64::min);
        state.param(self.descents.iter().map(|descent| descent.at.clone()).collect()).cost(best)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], share: f64, of: &[f64]) {
    to.iter_mut().zip(of).for_each(|(to, of)| *to += share * of);
}
