//! The colours of charts are told apart by people who see colours differently, and from the page behind them.
//!
//! How they see them is simulated after Machado, Oliveira and Fernandes (2009), at full severity; what is told apart is a distance in
//! CIELAB (D65).

use std::fs;
use std::path::Path;

type Colour = [f64; 3];

/// How colours are seen: as most people do, then without red, green and blue cones.
const EYES: [[Colour; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ],
    [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ],
    [
        [1.255_528, -0.076_749, -0.178_779],
        [-0.078_411, 0.930_809, 0.147_602],
        [0.004_733, 0.691_367, 0.303_900],
    ],
];
/// Least distance of two series of a chart.
const APART: f64 = 15.0;
/// Least contrast of what is drawn (WCAG 2.1, 1.4.11).
const CONTRAST: f64 = 3.0;
/// Series with a colour of their own.
const SERIES: usize = 7;

/// The values of a property in the style sheet: for light, then for dark.
fn values(sheet: &str, name: &str) -> Vec<Colour> {
    let begin = format!("--{name}:#");
    let found = sheet.split(begin.as_str()).skip(1);
    found
        .map(|rest| {
            let digits = rest.split([';', '}']).next().unwrap();
            let digits: String = match digits.len() {
                3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
                _ => digits.to_owned(),
            };
            [0, 2, 4].map(|at| {
                let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.040_45 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            })
        })
        .collect()
}

fn seen(colour: Colour, eyes: &[Colour; 3]) -> Colour {
    let sum = |row: &Colour| {
        row.iter()
            .zip(colour)
            .map(|(part, value)| part * value)
            .sum::<f64>()
    };
    [0, 1, 2].map(|row| sum(&eyes[row]).clamp(0.0, 1.0))
}

fn luminance([red, green, blue]: Colour) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(a: Colour, b: Colour) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

fn lab([red, green, blue]: Colour) -> Colour {
    let part = |value: f64| {
        if value > 0.008_856 {
            value.cbrt()
        } else {
            7.787 * value + 16.0 / 116.0
        }
    };
    let x = part((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
    let y = part(luminance([red, green, blue]));
    let z = part((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn series_are_told_apart_by_everybody() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/style.css");
    let sheet = fs::read_to_string(path).unwrap();
    let cards = values(&sheet, "card");
    let series: Vec<Vec<Colour>> = (0..SERIES)
        .map(|number| values(&sheet, &format!("s{number}")))
        .collect();
    for (scheme, card) in ["light", "dark"].iter().zip(&cards) {
        let scheme_number = usize::from(*scheme == "dark");
        let colours: Vec<Colour> = series.iter().map(|values| values[scheme_number]).collect();
        for (number, colour) in colours.iter().enumerate() {
            assert!(contrast(*colour, *card) >= CONTRAST, "{scheme}: s{number}");
            for (other, colour_of_other) in colours.iter().enumerate().take(number) {
                for eyes in &EYES {
                    let (a, b) = (lab(seen(*colour, eyes)), lab(seen(*colour_of_other, eyes)));
                    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(
                        distance >= APART,
                        "{scheme}: s{other} and s{number} are {distance:.0} apart to {eyes:?}"
                    );
                }
            }
        }
    }
}
