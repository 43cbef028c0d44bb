//! What killed runs left behind: temporary files and folders. They are recognized by their names and by their age.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::STAGED;

/// How old what a run left must be: a younger one may be in use.
const LEFT: Duration = Duration::from_hours(1);

/// What temporary names end with: six letters and digits.
const RANDOM: usize = 6;

/// Whether a file or folder may be a temporary one.
pub fn is_staged(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(STAGED))
}

/// What killed runs left in a folder itself, ascending by path. Of a folder that cannot be read, nothing.
pub fn left_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut left: Vec<_> = paths.filter(|path| is_left(path)).collect();
    left.sort();
    left
}

/// The same of a folder and all that are below it, links aside.
pub fn left_below(folder: &Path) -> Vec<PathBuf> {
    let mut left = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let here = left_in(&folder);
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|sort| sort.is_dir()));
        let folders = folders.map(|entry| entry.path());
        open.extend(folders.filter(|folder| !here.contains(folder)));
        left.extend(here);
    }
    left.sort();
    left
}

fn is_left(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    let end = name.and_then(|name| name.strip_prefix(STAGED));
    end.is_some_and(is_random) && is_old(path)
}

/// Whether an end is one of a temporary name, and no word: `.cargo-warg-backup` is somebody's. Of a hundred temporary names
/// one reads like a word, and stays.
fn is_random(end: &str) -> bool {
    let is_word = end.bytes().all(|byte| byte.is_ascii_alphabetic())
        && (end.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
            || end.bytes().all(|byte| byte.is_ascii_uppercase()));
    let is_number = end.bytes().all(|byte| byte.is_ascii_digit());
    end.len() == RANDOM
        && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !is_word
        && !is_number
}

fn is_old(path: &Path) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.map(|modified| SystemTime::now().duration_since(modified));
    matches!(age, Ok(Ok(age)) if age >= LEFT)
}
