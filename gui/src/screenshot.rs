//! A picture of the window: for manuals, and to see that the window draws anything at all.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use egui::{ColorImage, Context, ViewportCommand};

/// Frames in a row without anything new to draw, before the picture is taken.
const QUIET_FRAMES: u32 = 8;

/// Takes one picture once everything is drawn, and closes the window.
#[derive(Debug)]
pub(crate) struct Screenshot {
    path: PathBuf,
    quiet: u32,
    asked: bool,
}

impl Screenshot {
    pub(crate) fn new(path: PathBuf) -> Screenshot {
        Screenshot { path, quiet: 0, asked: false }
    }

    /// Called in every frame. `settled`: whether this one shows all there is to show.
    pub(crate) fn follow(&mut self, ctx: &Context, settled: bool) {
        self.quiet = if settled { self.quiet + 1 } else { 0 };
        if self.quiet >= QUIET_FRAMES && !self.asked {
            self.asked = true;
            let (path, window) = (self.path.clone(), ctx.clone());
            ctx.request_screenshot(move |image| {
                // The window that could say it closes now.
                if let Err(error) = write(&path, &image) {
                    eprintln!("seqtune-view: {} cannot be written: {error}", path.display());
                }
                window.send_viewport_cmd(ViewportCommand::Close);
            });
        }
        ctx.request_repaint();
    }
}

fn write(path: &Path, image: &ColorImage) -> Result<(), Box<dyn std::error::Error>> {
    let [width, height] = image.size.map(u32::try_from);
    let file = BufWriter::new(std::fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, width?, height?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    encoder.write_header()?.write_image_data(&bytes)?;
    Ok(())
}
