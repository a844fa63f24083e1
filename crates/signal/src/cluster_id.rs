//! The cluster's id: from the configuration, else from its file, which may be made where it is missing.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use heliograph_wire::id::{ClusterId, InvalidId, MAX_CLUSTER_ID};

use crate::config::Config;
use crate::state::create_once;

/// There is no cluster id.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there, and may not be made.
    #[error("no cluster id: {} does not exist; name another file with cluster_id_path, give the id itself as cluster_id, or set create_cluster_id = true on one host of the cluster", .0.display())]
    Missing(PathBuf),
    /// The file can't be read or made.
    #[error("cluster id: {} can't be {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `made`.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The file holds no id.
    #[error("cluster id: {} holds none: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with its text.
        problem: InvalidId,
    },
}

/// Finds the id, or makes it where that is allowed.
///
/// # Errors
/// There is none.
pub fn find(config: &Config) -> Result<ClusterId, Error> {
    if let Some(id) = find_without_making(config)? {
        return Ok(id);
    }
    let path = &config.cluster_id_path;
    make(path).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "made",
        source,
    })?;
    // Another process may have been first: what stands there now counts.
    let id = read(path)?.ok_or_else(|| Error::Missing(path.clone()))?;
    tracing::info!(path = %path.display(), "made a cluster id; the cluster's other hosts need a copy of this file");
    Ok(id)
}

/// Finds the id, and makes nothing; `None` where [`find`] would make one.
///
/// # Errors
/// There is none, and none may be made.
pub fn find_without_making(config: &Config) -> Result<Option<ClusterId>, Error> {
    if let Some(id) = &config.cluster_id {
        return Ok(Some(id.clone()));
    }
    match read(&config.cluster_id_path)? {
        None if !config.create_cluster_id => Err(Error::Missing(config.cluster_id_path.clone())),
        found => Ok(found),
    }
}

fn read(path: &Path) -> Result<Option<ClusterId>, Error> {
    let mut bytes = Vec::new();
    let limit = MAX_CLUSTER_ID as u64 + 64;
    match File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::Io {
                path: path.to_owned(),
                doing: "read",
                source,
            });
        }
    }
    let id = String::from_utf8_lossy(&bytes).parse();
    id.map(Some).map_err(|problem| Error::Invalid {
        path: path.to_owned(),
        problem,
    })
}

fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let id = uuid::Builder::from_random_bytes(random).into_uuid();
    create_once(path, id.to_string().as_bytes(), 0o644, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn config(path: &Path, create: bool) -> Config {
        let text = format!(
            "cluster_id_path = {:?}\ncreate_cluster_id = {create}\n",
            path.display().to_string()
        );
        crate::config::from_texts(&[("x.toml".into(), text)], &Default::default(), vec![])
            .unwrap()
            .0
    }

    #[test]
    fn the_id_is_made_once_where_that_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dcos/cluster-id");
        assert!(matches!(find(&config(&path, false)), Err(Error::Missing(_))));
        assert!(!path.exists());
        let id = find(&config(&path, true)).unwrap();
        assert_eq!(id.as_str().len(), 36);
        assert_eq!(find(&config(&path, false)).unwrap(), id);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn many_at_once_make_one_id() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder.path().join("cluster-id"), true);
        let ids: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| find(&config).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_file_without_an_id_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster-id");
        for (content, message) in [
            ("\n", "it is empty"),
            ("a b", "it holds white space or control characters"),
        ] {
            fs::write(&path, content).unwrap();
            let error = find(&config(&path, true)).unwrap_err().to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }
}
