//! Layers: what is drawn, where in the data, and in which role.

use seqtune_core::TrialState;
use serde::Serialize;

/// Why a mark looks as it does. A theme makes a colour of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Role {
    /// A trial's state.
    State(State),
    /// One of several things that are told apart, from the most important on; those beyond a theme's colours stand back.
    Series(usize),
    /// The trial that the reader pinned as the n-th: it keeps its colour everywhere.
    Pinned(usize),
    /// How good a value is: 0 the worst, 1 the best.
    Value(f64),
    /// What the eye should meet first.
    Front,
    /// What stands back, and is still read.
    Quiet,
    /// What is only there to be seen behind the rest.
    Faint,
}

/// The state of a trial, as [`TrialState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    /// A worker trains it.
    Running,
    /// It was left unfinished.
    Waiting,
    /// All steps are done.
    Completed,
    /// Stopped early.
    Pruned,
    /// Failed for good.
    Failed,
}

impl State {
    /// All of them, in the order of legends.
    pub const ALL: [State; 5] = [State::Completed, State::Pruned, State::Failed, State::Running, State::Waiting];

    /// The state in words.
    pub fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Waiting => "waiting",
            State::Completed => "completed",
            State::Pruned => "pruned",
            State::Failed => "failed",
        }
    }

    /// The shape that stands for it, so that colour is never alone.
    pub fn shape(self) -> Shape {
        match self {
            State::Completed => Shape::Disc,
            State::Pruned => Shape::Triangle,
            State::Failed => Shape::Cross,
            State::Running => Shape::Ring,
            State::Waiting => Shape::Square,
        }
    }
}

impl From<TrialState> for State {
    fn from(state: TrialState) -> State {
        match state {
            TrialState::Running => State::Running,
            TrialState::Waiting => State::Waiting,
            TrialState::Completed => State::Completed,
            TrialState::Pruned => State::Pruned,
            TrialState::Failed => State::Failed,
        }
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Shape {
    /// A filled circle.
    Disc,
    /// A circle's outline, dashed.
    Ring,
    /// A triangle that points down; its outline.
    Triangle,
    /// Two crossed bars.
    Cross,
    /// A square's outline.
    Square,
}

/// What is drawn together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Layer {
    /// Points, the last one in front.
    Points(Vec<Mark>),
    /// A line through points.
    Line(Line),
    /// An area between two lines, with an edge: `[x, low, high]`.
    Band {
        /// Where.
        points: Vec<[f64; 3]>,
        /// Its role.
        role: Role,
    },
    /// Bars.
    Bars {
        /// The bars.
        bars: Vec<Bar>,
        /// Whether they go from left to right; else from below.
        horizontal: bool,
    },
    /// Filled cells.
    Cells(Vec<HeatCell>),
    /// How many things lie where, of too many to be drawn one by one.
    Density(Density),
    /// A line across the whole plot.
    Rule(Rule),
    /// Text at places in the data.
    Labels(Vec<Label>),
}

/// One point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// Along the x axis.
    pub x: f64,
    /// Along the y axis.
    pub y: f64,
    /// Its shape.
    pub shape: Shape,
    /// Its role.
    pub role: Role,
    /// Its size; 1 is usual.
    pub size: f64,
    /// The trial that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<u64>,
}

/// A line through points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// `[x, y]`, in drawing order.
    pub points: Vec<[f64; 2]>,
    /// Its role.
    pub role: Role,
    /// Its width; 1 is usual.
    pub width: f64,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Whether it goes level to the next point's x and then up or down to it.
    pub stepped: bool,
    /// The trial that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<u64>,
}

impl Line {
    /// A plain line.
    pub fn new(points: Vec<[f64; 2]>, role: Role) -> Line {
        Line { points, role, width: 1.0, dashed: false, stepped: false, trial: None }
    }
}

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// Its middle across its direction.
    pub at: f64,
    /// How thick it is, in the units of `at`.
    pub thickness: f64,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// The interval that its end is sure within.
    pub error: Option<[f64; 2]>,
    /// Its role.
    pub role: Role,
    /// The trial that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<u64>,
}

/// One filled cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatCell {
    /// From and to along the x axis.
    pub x: [f64; 2],
    /// From and to along the y axis.
    pub y: [f64; 2],
    /// Its role.
    pub role: Role,
    /// What is written into it where there is room.
    pub label: String,
    /// The trial that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<u64>,
}

/// How many things lie where: cells of one size along the scales of the axes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Density {
    /// From and to along the x axis.
    pub x: [f64; 2],
    /// From and to along the y axis.
    pub y: [f64; 2],
    /// Cells from left to right.
    pub columns: usize,
    /// Cells from below to above.
    pub rows: usize,
    /// How full each cell is, from 0 for empty to 1 for the fullest, by the logarithm of its count; row by row from below.
    pub cells: Vec<f32>,
    /// Its role.
    pub role: Role,
}

/// A line across the whole plot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Where it crosses the other axis.
    pub at: f64,
    /// Whether it goes from below to above.
    pub vertical: bool,
    /// Its role.
    pub role: Role,
    /// What is written at its end.
    pub label: String,
}

/// Where a label's place is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Align {
    /// The place is to the left of the text.
    Start,
    /// The place is in its middle.
    Middle,
    /// The place is to its right.
    End,
}

/// Text at a place in the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Label {
    /// `[x, y]`.
    pub at: [f64; 2],
    /// The text.
    pub text: String,
    /// Where the place is in the text.
    pub align: Align,
    /// Its role.
    pub role: Role,
}
