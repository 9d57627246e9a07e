//! Rumormill's dashboard: it draws a [`model::Snapshot`] and turns keys into [`model::Intent`]s. It knows no socket, no
//! chain and no async runtime, so that a cluster, a single node and a replay all use the same screen.
//!
//! | File | Story |
//! |---|---|
//! | [`model`] | what can be observed |
//! | [`diagnosis`] | what is wrong with it, in sentences |
//! | [`App`] | events and snapshots in, frames and intents out; no terminal |
//! | [`terminal`] | the real terminal around it, given back however it ends |
//! | `action` | the one table of keys |
//! | `injection`, `popup` | faults from the keyboard: on what, how much, how long |
//! | `steering` | run control: speeds, and where a replay goes |
//! | `trace` | the way of one message |
//! | `views`, `panels`, `widgets` | pages, their parts, and what parts are made of |
//! | `theme`, `glyphs` | what meanings look like |
//! | [`mod@format`], `brush`, `layout` | numbers, words and rectangles |

#![forbid(unsafe_code)]

mod action;
mod app;
mod brush;
pub mod diagnosis;
mod facts;
pub mod format;
mod glyphs;
mod injection;
mod layout;
pub mod model;
mod options;
mod panels;
mod popup;
mod steering;
pub mod terminal;
mod theme;
mod trace;
mod views;
mod widgets;
mod world;

#[cfg(test)]
mod fixture;

pub use action::key_table_markdown;
pub use app::App;
pub use glyphs::GlyphSet;
pub use options::Options;
pub use terminal::{restore_terminal, resume, run};
pub use theme::ThemeName;
