use super::{Exit, Halt, Verdict, screen::Screen};
pub(super) use crate::pipeline::write_private;
use crate::privacy::Key;
use std::{fs, path::Path};

const CONFIG: &str = include_str!("init.toml");

/// Makes a folder with a commented configuration and a new key of mode 0600. Overwrites nothing.
pub(super) fn init(dir: &Path, screen: &Screen) -> Verdict {
    fs::create_dir_all(dir)?;
    let (config, key) = (dir.join("throughline.toml"), dir.join("key"));
    for file in [&config, &key] {
        if file.exists() {
            let words = format!("{} is there already; nothing was changed", file.display());
            return Err(Halt::new(Exit::Usage, words));
        }
    }
    let new = Key::random().map_err(|fault| Halt::new(Exit::Failed, fault.to_string()))?;
    write_key(&key, &new)?;
    fs::write(&config, CONFIG)?;
    screen.say(&format!(
        "Wrote {} and {}.\nKeep a copy of the key where the data is not: without it the lake cannot be read on, with it pseudonyms can be undone.\nNext: describe a source in the configuration, then `throughline --config {} check`.",
        config.display(),
        key.display(),
        config.display()
    ));
    screen.document(
        &serde_json::json!({ "config": config.display().to_string(), "key": key.display().to_string() }),
    );
    Ok(Exit::Done)
}

/// Writes a key that only its owner may read.
pub(super) fn write_key(path: &Path, key: &Key) -> std::io::Result<()> {
    write_private(path, &key.to_bytes())
}
