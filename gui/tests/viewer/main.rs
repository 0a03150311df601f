//! The viewer as somebody uses it, without a window: studies on disk, keys and clicks, and what is then to be read.

mod basics;
mod commands;
mod compare;
mod control;
mod data;
mod hands;
mod parameters;
mod pareto;
mod plots;
mod resources;
#[path = "../sample/mod.rs"]
mod sample;
mod sampler;
mod settings;
mod studies;
mod window;
