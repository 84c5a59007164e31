//! Loads a model file and predicts one batch of zeros: `cargo run --example predict -- MODEL`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: predict MODEL")?;
    let model = paragon::Model::open(path)?;
    let mut session = model.session(&paragon::Options::default())?;
    let inputs = model.inputs()?;
    let zeros: Vec<Vec<f32>> = inputs.iter().map(|spec| vec![0.0; spec.elements]).collect();
    let named: Vec<_> = inputs.iter().zip(&zeros).map(|(spec, values)| (&spec.name[..], values.into())).collect();
    for (name, values) in session.run(&named)? {
        println!("{name}: {values:?}");
    }
    Ok(())
}
