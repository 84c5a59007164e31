//! Safetensors files of F32, I32 and U32 tensors, read strictly and written atomically.
//! Format: <https://github.com/huggingface/safetensors>: the length of the header (8 bytes, little-endian), the header
//! (JSON: dtype, shape and data_offsets of each tensor, `__metadata__` of strings), then the tensors' bytes without holes.

use crate::error::{ensure, fail, Context, Result};
use crate::fingerprint::{fingerprint, Tensors};
use crate::json::{quote, Json};
use crate::replace;
use crate::tensor::{DType, Tensor, Type};
use std::collections::BTreeMap;
use std::path::Path;

/// The format of a file of results.
pub const RUN: &str = "paragon-run";

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
        let length = bytes.first_chunk().copied().map(u64::from_le_bytes);
        let header = length.and_then(|length| bytes[8..].get(..usize::try_from(length).ok()?));
        let Some(header) = header else {
            fail!("not a safetensors file: {} bytes do not hold a header", bytes.len());
        };
        let data = &bytes[8 + header.len()..];
        ensure!(header.starts_with(b"{"), "not a safetensors file: the header does not start with '{{'");
        let text = std::str::from_utf8(header).context(|| "safetensors header")?;
        let Json::Object(entries) = Json::parse(text).context(|| "safetensors header")? else {
            fail!("safetensors header: expected an object");
        };
        let mut file = Safetensors::default();
        let mut extents = Vec::new();
        for (name, entry) in &entries {
            if name == METADATA {
                file.metadata = metadata(entry).context(|| METADATA)?;
            } else {
                extents.push(Extent::parse(name, entry).context(|| format!("tensor {name:?}"))?);
            }
        }
        extents.sort_by_key(|extent| (extent.begin, extent.end));
        let mut at = 0;
        for Extent { name, ty, begin, end } in extents {
            let words = usize::try_from(begin).ok().zip(usize::try_from(end).ok()).and_then(|(b, e)| data.get(b..e));
            let Some(words) = words.filter(|_| begin == at) else {
                fail!("tensor {name:?}: bytes {begin} to {end} overlap, leave a hole, or lie outside the file");
            };
            let words = words.chunks_exact(4).map(|word| word.iter().rev().fold(0, |w, &b| w << 8 | u32::from(b)));
            file.tensors.insert(name.to_owned(), Tensor::new(ty, words.collect()));
            at = end;
        }
        ensure!(at == data.len() as u64, "{} bytes after the last tensor", data.len() as u64 - at);
        Ok(file)
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

/// Where a tensor's bytes lie in the data.
struct Extent<'a> {
    name: &'a str,
    ty: Type,
    begin: u64,
    end: u64,
}

impl<'a> Extent<'a> {
    fn parse(name: &'a str, entry: &Json) -> Result<Extent<'a>> {
        let mut fields = entry.fields()?;
        let dtype = fields.take("dtype", Json::string)?;
        let Some(&(_, dtype)) = DTYPES.iter().find(|(name, _)| *name == dtype) else {
            fail!("dtype {dtype:?} is not supported; there are F32, I32 and U32");
        };
        let ty = Type::new(dtype, &fields.take("shape", Json::naturals)?)?;
        let offsets = fields.take("data_offsets", Json::naturals)?;
        fields.finish()?;
        let [begin, end] = offsets[..] else { fail!("data_offsets must be two numbers") };
        let bytes = 4 * ty.elements() as u64;
        ensure!(end.checked_sub(begin) == Some(bytes), "{ty} takes {bytes} bytes, data_offsets say {begin} to {end}");
        Ok(Extent { name, ty, begin, end })
    }
}

fn metadata(entry: &Json) -> Result<BTreeMap<String, String>> {
    let Json::Object(entries) = entry else { fail!("expected an object") };
    entries
        .iter()
        .map(|(key, text)| Ok((key.clone(), text.string().context(|| format!("{key:?}"))?.to_owned())))
        .collect()
}
