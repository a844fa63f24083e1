//! Pictures in a folder, and a page that shows them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use heliograph_fleet::chromium::Look;

/// Pictures of pages.
pub(super) struct Gallery {
    folder: PathBuf,
    /// Page, look and file, as they were taken.
    pictures: Vec<(String, String, String)>,
}

impl Gallery {
    /// In a folder, which is made.
    pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Gallery> {
        fs::create_dir_all(folder)?;
        Ok(Gallery {
            folder: folder.to_owned(),
            pictures: Vec::new(),
        })
    }

    /// Adds a picture of a page, as PNG.
    pub(super) fn add(&mut self, page: &str, look: Look, png: &[u8]) -> anyhow::Result<()> {
        let file = format!("{page}-{}.png", look.name());
        fs::write(self.folder.join(&file), png)?;
        self.pictures.push((page.to_owned(), look.name(), file));
        Ok(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Writes the page that shows them, and says where it is.
    pub(super) fn write(&self) -> anyhow::Result<PathBuf> {
        let mut text = String::from(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Heliograph's dashboard</title>
<style>body{font:16px system-ui;margin:2rem;background:#888}div{display:flex;gap:1rem;align-items:start;overflow-x:auto}
figure{margin:0;flex:none}img{max-width:46rem;height:auto;display:block}img.phone{max-width:20rem}</style>\n",
        );
        let mut told = BTreeSet::new();
        for (page, ..) in &self.pictures {
            if !told.insert(page) {
                continue;
            }
            text.push_str(&format!("<h2>{page}</h2><div>\n"));
            for (_, look, file) in self.pictures.iter().filter(|(other, ..)| other == page) {
                let class = look.split('-').next().unwrap_or_default();
                text.push_str(&format!(
                    "<figure><figcaption>{look}</figcaption><a href=\"{file}\"><img class=\"{class}\" src=\"{file}\" alt=\"{page}, {look}\"></a></figure>\n"
                ));
            }
            text.push_str("</div>\n");
        }
        let path = self.folder.join("index.html");
        fs::write(&path, text)?;
        Ok(path)
    }
}
