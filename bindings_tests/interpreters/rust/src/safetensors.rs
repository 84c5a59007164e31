//! Safetensors files of F32, I32 and U32 tensors, read strictly and written atomically.
//! Format: <https://github.com/huggingface/safetensors>: the length of the header (8 bytes, little-endian), the header
//! (JSON: dtype, shape and data_offsets of each tensor, `__metadata__` of strings), then the tensors' bytes without holes.

use crate::error::{ensure, fail, Context, Result};
use crate::fingerprint::{fingerprint, Tensors};
use crate::json::{quote, Json};
use crate::replace;
use crate::tensor::{DType, Tensor, Type};
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// The format of a file of results.
pub const RUN: &str = "paragon-run";

/// The most bytes of a header.
const MAX_HEADER: u64 = 100_000_000;
const METADATA: &str = "__metadata__";
const DTYPES: [(&str, DType); 3] = [("F32", DType::F32), ("I32", DType::I32), ("U32", DType::U32)];

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Safetensors {
    /// Free strings by key.
    pub metadata: BTreeMap<String, String>,
    /// The tensors by name.
    pub tensors: Tensors,
}

impl Safetensors {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is not well-formed; the message names the file.
    pub fn read(path: &Path) -> Result<Safetensors> {
        let bytes = replace::read(path).context(|| path.display())?;
        Safetensors::decode(&bytes).context(|| path.display())
    }

    /// Reads a file's content. Memory use is proportional to its length.
    ///
    /// # Errors
    /// If the header is not as the format has it, or the tensors do not cover the data exactly.
    pub fn decode(bytes: &[u8]) -> Result<Safetensors> {
        let length = header_length(bytes, bytes.len() as u64)? as usize;
        let (header, data) = bytes[8..].split_at(length);
        let (Header { metadata, types }, extents) = Header::parse(header, data.len() as u64)?;
        let mut tensors = Tensors::new();
        for ((name, ty), (_, extent)) in types.into_iter().zip(extents) {
            let words = data[extent.start as usize..extent.end as usize].chunks_exact(4);
            let words = words.map(|word| word.iter().rev().fold(0, |w, &b| w << 8 | u32::from(b)));
            tensors.insert(name, Tensor::new(ty, words.collect()));
        }
        Ok(Safetensors { metadata, tensors })
    }

    /// What the header of the file says.
    pub fn header(&self) -> Header {
        let types = self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.ty().clone())).collect();
        Header { metadata: self.metadata.clone(), types }
    }

    /// The file's content: tensors in the order of their names, NaNs as one.
    ///
    /// # Errors
    /// If a tensor bears the name that the format keeps for the metadata.
    pub fn encode(&self) -> Result<Vec<u8>> {
        ensure!(!self.tensors.contains_key(METADATA), "no tensor can be called {METADATA:?}");
        let mut entries = Vec::new();
        if !self.metadata.is_empty() {
            let pairs: Vec<_> =
                self.metadata.iter().map(|(key, text)| format!("{}:{}", quote(key), quote(text))).collect();
            entries.push(format!("\"{METADATA}\":{{{}}}", pairs.join(",")));
        }
        let mut end = 0;
        for (name, tensor) in &self.tensors {
            let begin = end;
            end += 4 * tensor.words().len();
            let dtype = DTYPES.iter().find(|(_, dtype)| *dtype == tensor.ty().dtype).map_or("", |(name, _)| name);
            let shape: Vec<_> = tensor.shape().iter().map(usize::to_string).collect();
            entries.push(format!(
                "{}:{{\"dtype\":\"{dtype}\",\"shape\":[{}],\"data_offsets\":[{begin},{end}]}}",
                quote(name),
                shape.join(",")
            ));
        }
        let mut header = format!("{{{}}}", entries.join(","));
        while header.len() % 8 != 0 {
            header.push(' ');
        }
        let mut bytes = Vec::with_capacity(8 + header.len() + end);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        for tensor in self.tensors.values() {
            bytes.extend(tensor.observed().flat_map(u32::to_le_bytes));
        }
        Ok(bytes)
    }

    /// Writes a file: all of it or nothing, replacing what was there.
    ///
    /// # Errors
    /// If it cannot be written; the message names the file.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.encode().context(|| path.display())?;
        replace::replace(path, &bytes).context(|| path.display())
    }

    /// What identifies the content: of a file of results the outputs, under their own names, of others all tensors.
    pub fn fingerprint(&self) -> String {
        if self.metadata.get("format").map(String::as_str) != Some(RUN) {
            return fingerprint(&self.tensors);
        }
        let own = |(name, tensor): (&String, &Tensor)| Some((name.strip_prefix("output.")?.to_owned(), tensor.clone()));
        fingerprint(&self.tensors.iter().filter_map(own).collect())
    }

    /// Adds a tensor.
    ///
    /// # Errors
    /// If there is one of this name.
    pub fn add(&mut self, name: String, tensor: Tensor) -> Result<()> {
        ensure!(!self.tensors.contains_key(&name), "two tensors would be called {name:?}");
        self.tensors.insert(name, tensor);
        Ok(())
    }
}

/// What a file says of itself before the words of its tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// Free strings by key.
    pub metadata: BTreeMap<String, String>,
    /// Dtype and shape of the tensors by name.
    pub types: Types,
}

/// Dtypes and shapes by name.
pub type Types = BTreeMap<String, Type>;
/// Where the bytes of each tensor lie in the data.
type Extents = BTreeMap<String, Range<u64>>;

impl Header {
    /// Reads the header of a file and checks it against the file's size.
    ///
    /// # Errors
    /// As [`Safetensors::read`], but the message does not name the file.
    pub fn read(path: &Path) -> Result<Header> {
        let (mut file, size) = replace::open(path)?;
        let mut bytes = Vec::new();
        file.by_ref().take(8).read_to_end(&mut bytes)?;
        let length = header_length(&bytes, size)?;
        bytes.clear();
        file.take(length).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 == length, "the file became shorter while it was read");
        Ok(Header::parse(&bytes, size - 8 - length)?.0)
    }

    /// Reads a header for data of that size.
    fn parse(header: &[u8], size: u64) -> Result<(Header, Extents)> {
        let spaces = header.iter().rev().take_while(|&&byte| byte == b' ').count();
        let closed = header[..header.len() - spaces].ends_with(b"}");
        ensure!(
            header.starts_with(b"{") && closed,
            "not a safetensors file: the header is not an object, from '{{' to '}}', with nothing but spaces after it"
        );
        let text = std::str::from_utf8(header).context(|| "safetensors header")?;
        let Json::Object(entries) = Json::parse(text).context(|| "safetensors header")? else {
            fail!("safetensors header: expected an object");
        };
        let (mut found, mut extents) = (Header::default(), Extents::new());
        for (name, entry) in entries {
            if name == METADATA {
                found.metadata = metadata(&entry).context(|| METADATA)?;
            } else {
                let (ty, extent) = tensor(&entry).context(|| format!("tensor {name:?}"))?;
                found.types.insert(name.clone(), ty);
                extents.insert(name, extent);
            }
        }
        check_cover(&extents, size)?;
        Ok((found, extents))
    }
}

/// The length of the header, from the first bytes of a file of that size.
fn header_length(bytes: &[u8], size: u64) -> Result<u64> {
    let Some(length) = bytes.first_chunk().copied().map(u64::from_le_bytes) else {
        fail!("not a safetensors file: shorter than 8 bytes");
    };
    let fits = length <= MAX_HEADER && length <= size - 8;
    ensure!(fits, "not a safetensors file: the header length, {length}, is more than the file or the limit holds");
    Ok(length)
}

/// The tensors lie one after another and fill the data.
fn check_cover(extents: &Extents, size: u64) -> Result<()> {
    let mut sorted: Vec<_> = extents.iter().collect();
    sorted.sort_by_key(|(_, extent)| (extent.start, extent.end));
    let mut at = 0;
    for (name, Range { start, end }) in sorted {
        let fits = *start == at && *end <= size;
        ensure!(fits, "tensor {name:?}: bytes {start} to {end} overlap, leave a hole, or lie outside the file");
        at = *end;
    }
    ensure!(at == size, "{} bytes after the last tensor", size - at);
    Ok(())
}

/// An entry of the header.
fn tensor(entry: &Json) -> Result<(Type, Range<u64>)> {
    let mut fields = entry.fields()?;
    let dtype = fields.take("dtype", Json::string)?;
    let Some(&(_, dtype)) = DTYPES.iter().find(|(name, _)| *name == dtype) else {
        fail!("dtype {dtype:?} is not supported; there are F32, I32 and U32");
    };
    let ty = Type::new(dtype, &fields.take("shape", Json::dimensions)?)?;
    let offsets = fields.take("data_offsets", |json| json.integers(0..=u64::MAX))?;
    fields.finish()?;
    let [begin, end] = offsets[..] else { fail!("data_offsets must be two numbers") };
    let bytes = 4 * ty.elements() as u64;
    ensure!(end.checked_sub(begin) == Some(bytes), "{ty} takes {bytes} bytes, data_offsets say {begin} to {end}");
    Ok((ty, begin..end))
}

fn metadata(entry: &Json) -> Result<BTreeMap<String, String>> {
    let Json::Object(entries) = entry else { fail!("expected an object") };
    entries
        .iter()
        .map(|(key, text)| Ok((key.clone(), text.string().context(|| format!("{key:?}"))?.to_owned())))
        .collect()
}
