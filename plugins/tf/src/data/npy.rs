//! Windows from NumPy files: `bases`, `y` and, where they lie beside them, `w`, `start` and `split`.
//!
//! | file | type | shape | values |
//! |---|---|---|---|
//! | `PREFIXbases.npy` | uint8 | `[rows, length]` | 0 A, 1 C, 2 G, 3 T, 4 unknown |
//! | `PREFIXy.npy` | uint8 | `[rows]` | 0, 1 |
//! | `PREFIXw.npy` | float32 | `[rows]` | positive |
//! | `PREFIXstart.npy` | int32 | `[rows]` | first base, counted from 0 |
//! | `PREFIXsplit.npy` | uint8 | `[rows]` | 0 train, 1 valid, 2 test |
//! | `PREFIXaccessibility.npy` | float32 | `[rows]` | finite; read only with `accessibility = true` |

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use npyz::{Deserialize as NpyDeserialize, NpyFile, Order};
use seqtune_plugin::{DataSpec, FamilyError};
use serde::Deserialize;

use super::{Place, Split, UNKNOWN, Windows};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    dir: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    accessibility: bool,
}

/// Reads the files that the table names.
///
/// # Errors
/// [`FamilyError::Data`] naming the file, what it holds and what was expected.
pub fn read(spec: &DataSpec) -> Result<Windows, FamilyError> {
    let arguments: Arguments = spec.read()?;
    let directory = spec.resolve(&arguments.dir)?;
    let path = |name: &str| directory.join(format!("{}{name}.npy", arguments.prefix));
    let present = |name: &str| Some(path(name)).filter(|path| path.exists());

    let bases = Array::<u8>::read(path("bases"))?;
    let [rows, length] = bases.shape[..] else {
        return Err(bases.error("expected [rows, length]"));
    };
    bases.all(|base| *base <= UNKNOWN, "a base must be 0 (A), 1 (C), 2 (G), 3 (T) or 4 (unknown)")?;
    let labels = Array::<u8>::read(path("y"))?.column(rows)?;
    labels.all(|label| *label <= 1, "a label must be 0 or 1")?;

    let mut windows = Windows {
        length,
        bases: bases.values,
        labels: labels.values.iter().map(|label| *label == 1).collect(),
        ..Windows::default()
    };
    if let Some(path) = present("w") {
        let weights = Array::<f32>::read(path)?.column(rows)?;
        weights.all(|weight| weight.is_finite() && *weight > 0.0, "a weight must be finite and above 0")?;
        windows.weights = Some(weights.values);
    }
    if let Some(path) = present("start") {
        let starts = Array::<i32>::read(path)?.column(rows)?;
        starts.all(|start| *start >= 0, "a start must not be negative")?;
        let place = |start: &i32| Place { contig: 0, start: i64::from(*start) };
        windows.places = Some(starts.values.iter().map(place).collect());
    }
    if let Some(path) = present("split") {
        let splits = Array::<u8>::read(path)?.column(rows)?;
        splits.all(|split| *split <= 2, "a split must be 0 (train), 1 (valid) or 2 (test)")?;
        let split = |code: &u8| [Split::Train, Split::Valid, Split::Test][usize::from(*code)];
        windows.splits = Some(splits.values.iter().map(split).collect());
    }
    if arguments.accessibility {
        let values = Array::<f32>::read(path("accessibility"))?.column(rows)?;
        values.all(|value| value.is_finite(), "a value must be finite")?;
        windows.accessibility = Some(values.values);
    }
    Ok(windows)
}

/// One file's array.
struct Array<T> {
    path: PathBuf,
    shape: Vec<usize>,
    values: Vec<T>,
}

impl<T: NpyDeserialize> Array<T> {
    fn read(path: PathBuf) -> Result<Array<T>, FamilyError> {
        let fail = |message: String| FamilyError::Data(format!("{}: {message}", path.display()));
        let file = File::open(&path).map_err(|error| fail(format!("cannot be opened: {error}")))?;
        let array = NpyFile::new(BufReader::new(file)).map_err(|error| fail(format!("is no .npy file: {error}")))?;
        if array.order() != Order::C {
            return Err(fail("is in Fortran order; save it with np.ascontiguousarray".to_owned()));
        }
        let shape = array.shape().iter().map(|size| *size as usize).collect();
        let found = array.dtype().descr();
        let wanted = type_name::<T>();
        let values = array
            .data::<T>()
            .map_err(|_| fail(format!("holds {found}; expected {wanted}")))?
            .collect::<Result<Vec<T>, _>>()
            .map_err(|error| fail(format!("ends before its last value: {error}")))?;
        Ok(Array { path, shape, values })
    }

    /// The array as one value a row.
    fn column(self, rows: usize) -> Result<Array<T>, FamilyError> {
        if self.shape[..] == [rows] {
            return Ok(self);
        }
        Err(self.error(&format!("expected [{rows}], as many rows as the bases have")))
    }

    fn all(&self, accept: impl Fn(&T) -> bool, rule: &str) -> Result<(), FamilyError> {
        match self.values.iter().position(|value| !accept(value)) {
            None => Ok(()),
            Some(index) => Err(FamilyError::Data(format!("{}: value {index} is wrong: {rule}", self.path.display()))),
        }
    }

    fn error(&self, expected: &str) -> FamilyError {
        FamilyError::Data(format!("{}: the shape is {:?}; {expected}", self.path.display(), self.shape))
    }
}

/// NumPy's name of a type that these files hold.
fn type_name<T>() -> &'static str {
    match std::any::type_name::<T>() {
        "u8" => "uint8",
        "i32" => "int32",
        "f32" => "float32",
        other => other,
    }
}

/// Writes an array, for tests and examples of the format.
#[cfg(test)]
pub(super) fn write<T: npyz::Serialize + npyz::AutoSerialize>(path: &std::path::Path, shape: &[u64], values: &[T]) {
    use npyz::WriterBuilder as _;
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(shape).writer(File::create(path).unwrap()).begin_nd().unwrap();
    for value in values {
        writer.push(value).unwrap();
    }
    writer.finish().unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    fn read_from(directory: &Path) -> Result<Windows, FamilyError> {
        let serde_json::Value::Object(values) = json!({"dir": "d", "prefix": "a_"}) else { unreachable!() };
        let parent = directory.parent().unwrap().to_owned();
        read(&DataSpec { values, roots: vec![parent] })
    }

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("d");
        std::fs::create_dir(&directory).unwrap();
        write(&directory.join("a_bases.npy"), &[2, 3], &[0_u8, 1, 2, 3, 4, 0]);
        write(&directory.join("a_y.npy"), &[2], &[0_u8, 1]);
        (root, directory)
    }

    #[test]
    fn files_are_read_with_what_lies_beside_them() {
        let (_root, directory) = directory();
        let windows = read_from(&directory).unwrap();
        assert_eq!((windows.rows(), windows.length), (2, 3));
        assert_eq!(windows.window(1), [3, 4, 0]);
        assert!(windows.places.is_none() && windows.splits.is_none() && windows.weights.is_none());
        write(&directory.join("a_start.npy"), &[2], &[7_i32, 8]);
        write(&directory.join("a_split.npy"), &[2], &[1_u8, 2]);
        write(&directory.join("a_w.npy"), &[2], &[0.5_f32, 2.0]);
        let windows = read_from(&directory).unwrap();
        assert_eq!(windows.places.unwrap()[1], Place { contig: 0, start: 8 });
        assert_eq!(windows.splits.unwrap(), [Split::Valid, Split::Test]);
        assert_eq!(windows.weights.unwrap(), [0.5, 2.0]);
    }

    #[test]
    fn each_fault_names_file_and_expectation() {
        let (_root, directory) = directory();
        let fault = || read_from(&directory).unwrap_err().to_string();
        write(&directory.join("a_y.npy"), &[3], &[0_u8, 1, 1]);
        assert!(fault().ends_with("a_y.npy: the shape is [3]; expected [2], as many rows as the bases have"));
        write(&directory.join("a_y.npy"), &[2], &[0_f64, 1.0]);
        assert!(fault().contains("a_y.npy: holds") && fault().ends_with("expected uint8"));
        write(&directory.join("a_y.npy"), &[2], &[0_u8, 2]);
        assert!(fault().ends_with("value 1 is wrong: a label must be 0 or 1"));
        write(&directory.join("a_bases.npy"), &[6], &[0_u8; 6]);
        assert!(fault().ends_with("the shape is [6]; expected [rows, length]"));
        std::fs::write(directory.join("a_bases.npy"), "not an array").unwrap();
        assert!(fault().contains("is no .npy file"));
        std::fs::remove_file(directory.join("a_bases.npy")).unwrap();
        assert!(fault().contains("cannot be opened"));
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        let (_root, directory) = directory();
        let path = directory.join("a_bases.npy");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
        assert!(read_from(&directory).unwrap_err().to_string().contains("ends before its last value"));
    }
}
