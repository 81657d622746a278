//! The scaling as a picture.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::coord::combinators::IntoLogRange;
use plotters::element::PathElement;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color, RGBColor, WHITE};

use super::scaling::Line;

const SIZE: (u32, u32) = (900, 560);

/// One for each line, told apart without red and green beside each other.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(240, 200, 0),
    RGBColor(213, 94, 0),
    RGBColor(90, 90, 90),
];

/// Writes seconds over batches, both axes logarithmic, as SVG.
pub(super) fn draw(file: &Path, lines: &[Line]) -> Result<()> {
    picture(file, lines).map_err(|error| anyhow!("cannot draw {}: {error}", file.display()))
}

fn picture(file: &Path, lines: &[Line]) -> Result<(), Box<dyn std::error::Error>> {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let seconds = points().map(|(_, seconds)| seconds);
    let low = seconds.clone().fold(1.0, f64::min) / 2.0;
    let high = seconds.fold(1.0, f64::max) * 4.0;
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Every fault of a migration: time to a verdict",
            ("sans-serif", 20),
        )
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((8.0..400.0).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("batches")
        .y_desc("seconds of the whole command")
        .light_line_style(WHITE)
        .draw()?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        let ends = line
            .points
            .iter()
            .map(|(n, seconds)| (f64::from(*n), *seconds));
        chart
            .draw_series(LineSeries::new(ends, style).point_size(4))?
            .label(line.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_names_its_lines() {
        let file = std::env::temp_dir().join(format!("sealift-plot-{}.svg", std::process::id()));
        let line = |name: &str, points: &[(u32, f64)]| Line {
            name: name.to_owned(),
            points: points.to_vec(),
        };
        let lines = [line("one", &[(10, 0.1), (100, 2.5)]), line("none", &[])];
        draw(&file, &lines).expect("a picture");
        let text = std::fs::read_to_string(&file).expect("a file");
        std::fs::remove_file(&file).expect("it is removed");
        assert!(text.contains("<svg") && text.contains("one") && text.contains("none"));
    }
}
