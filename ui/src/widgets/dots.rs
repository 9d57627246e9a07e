//! Lines finer than a cell: a grid of two by four dots a cell, written as braille, or as signs by slope in ASCII.

use crate::glyphs::GlyphSet;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// Which bit of a braille sign each dot is, by row and column within the cell.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

#[derive(Clone, Copy, Default)]
struct Cell {
    bits: u8,
    /// Of several lines in one cell the most important gives the style.
    rank: u8,
    slope: u8,
}

/// A grid to draw lines on. It is kept between frames, so that drawing takes no new memory.
#[derive(Default)]
pub(crate) struct Dots {
    area: Rect,
    cells: Vec<Cell>,
}

impl Dots {
    /// Makes the grid empty, and as large as an area.
    pub fn clear(&mut self, area: Rect) {
        self.area = area;
        self.cells.clear();
        self.cells.resize(usize::from(area.width) * usize::from(area.height), Cell::default());
    }

    /// Dots across and down.
    pub fn size(&self) -> (i32, i32) {
        (i32::from(self.area.width) * 2, i32::from(self.area.height) * 4)
    }

    /// Sets a dot; dots outside are nothing. `slope` is the ASCII sign that stands for it.
    pub fn set(&mut self, x: i32, y: i32, rank: u8, slope: u8) {
        let (width, height) = self.size();
        if x < 0 || y < 0 || x >= width || y >= height {
            return;
        }
        let cell = &mut self.cells[(y / 4 * i32::from(self.area.width) + x / 2) as usize];
        cell.bits |= BITS[(y % 4) as usize][(x % 2) as usize];
        if rank >= cell.rank {
            cell.rank = rank;
            cell.slope = slope;
        }
    }

    /// A straight line between two dots; `keep` says by column and row which of its dots are set.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), rank: u8, keep: impl Fn(i32, i32) -> bool) {
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let steps = across.abs().max(down.abs());
        // A cell is twice as high as wide in dots, and about so on the screen.
        let slope = if across.abs() > down.abs() * 2 {
            b'-'
        } else if down.abs() > across.abs() * 2 {
            b'|'
        } else if (across > 0) == (down > 0) {
            b'\\'
        } else {
            b'/'
        };
        for step in 0..=steps {
            let at = |start: i32, length: i32| {
                if steps == 0 { start } else { start + (length * step * 2 + steps * length.signum()) / (steps * 2) }
            };
            let (x, y) = (at(from.0, across), at(from.1, down));
            if keep(x, y) {
                self.set(x, y, rank, slope);
            }
        }
    }

    /// Writes the grid into a buffer; a cell's rank chooses its style.
    pub fn paint(&self, buf: &mut Buffer, set: GlyphSet, style: impl Fn(u8) -> Style) {
        let mut sign = [0_u8; 4];
        for (at, cell) in self.cells.iter().enumerate() {
            if cell.bits == 0 {
                continue;
            }
            let x = self.area.x + (at % usize::from(self.area.width)) as u16;
            let y = self.area.y + (at / usize::from(self.area.width)) as u16;
            let Some(target) = buf.cell_mut((x, y)) else {
                continue;
            };
            let symbol = match set {
                GlyphSet::Unicode => char::from_u32(0x2800 + u32::from(cell.bits)).unwrap_or(' '),
                GlyphSet::Ascii => char::from(cell.slope),
            };
            target.set_symbol(symbol.encode_utf8(&mut sign)).set_style(style(cell.rank));
        }
    }
}
