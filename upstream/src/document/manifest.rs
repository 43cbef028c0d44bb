//! Manifests and configs of WebAssembly in OCI registries, and which layer is the content.
//!
//! The layout is that of CNCF's "wasm OCI artifact": a config of a type of its own, and one layer. Where there are more, the
//! config says which are meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use component::content::MAX_CONTENT;
use registry::http::excerpt;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use transparency::digest::Digest;

use super::excerpt_of;

/// The largest manifest, as OCI advises.
pub const MAX_MANIFEST: u64 = 4 << 20;
/// The largest config.
pub(crate) const MAX_CONFIG: u64 = 1 << 20;
/// The most layers of a manifest, and the most that a config names. Images have 127 at most, packages one.
pub const MAX_LAYERS: usize = 1000;

/// What a config is called.
pub const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
/// What a content is called.
pub const CONTENT_TYPE: &str = "application/wasm";
/// What a manifest may be called. An index is asked for as well: so it comes, and can be named.
pub(crate) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

/// A manifest that leads to no content.
#[derive(Debug, thiserror::Error)]
pub enum OciManifestError {
    /// No JSON of that form.
    #[error("its {document} does not read")]
    Json {
        /// `manifest` or `config`.
        document: &'static str,
        /// Where, and what is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A list of manifests, one for each platform.
    #[error("it is an index of several manifests, as images for several platforms have")]
    Index,
    /// No config at all.
    #[error("its manifest names no config")]
    NoConfig,
    /// A config of another sort of artifact.
    #[error(
        "its config is of type `{found}`, and that of a component or WIT package is `{CONFIG_TYPE}`"
    )]
    Config {
        /// The type that it has.
        found: String,
    },
    /// No layer that can be the content.
    #[error("it has no layer of type `{CONTENT_TYPE}` among {count}")]
    NoContent {
        /// How many layers there are.
        count: usize,
    },
    /// Several layers that can be the content.
    #[error(
        "{count} of its layers are of type `{CONTENT_TYPE}`, and its config does not say which is meant"
    )]
    Ambiguous {
        /// How many of them there are.
        count: usize,
    },
    /// The config is of other layers.
    #[error("its config does not name the layer that its manifest has")]
    OtherLayers,
    /// A digest of another sort, or none.
    #[error("it names `{text}`, and only digests of the form `sha256:<hex>` are read")]
    Digest {
        /// What stands there.
        text: String,
    },
    /// More bytes than there may be.
    #[error("its {document} has {size} bytes, and {limit} are read at most")]
    TooLarge {
        /// `config` or `content`.
        document: &'static str,
        /// What the manifest says.
        size: u64,
        /// The most bytes that are read.
        limit: u64,
    },
}

/// Something that is named by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Of its bytes.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a type, digest and size")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

impl Descriptor {
    fn blob(&self, document: &'static str, limit: u64) -> Result<Blob, OciManifestError> {
        let digest = self.digest.parse().map_err(|_| OciManifestError::Digest {
            text: excerpt(&self.digest),
        })?;
        let size = self.size;
        if size > limit {
            return Err(OciManifestError::TooLarge {
                document,
                size,
                limit,
            });
        }
        Ok(Blob { digest, size })
    }
}

/// A list of at most [`MAX_LAYERS`].
#[derive(Debug)]
struct Layers<T>(Vec<T>);

impl<T> Default for Layers<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Layers<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Layers<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of layers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Layers<T>, A::Error> {
                let mut layers = Vec::new();
                while let Some(layer) = list.next_element()? {
                    if layers.len() == MAX_LAYERS {
                        let message = format_args!("more than {MAX_LAYERS} layers");
                        return Err(de::Error::custom(message));
                    }
                    layers.push(layer);
                }
                Ok(Layers(layers))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}

/// A manifest, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a manifest")]
pub struct Manifest {
    config: Option<Descriptor>,
    layers: Option<Layers<Descriptor>>,
    /// Only an index has it.
    manifests: Option<IgnoredAny>,
    annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is not JSON of that form, more than [`MAX_LAYERS`] layers, and an index.
    pub fn parse(bytes: &[u8]) -> Result<Self, OciManifestError> {
        let document = "manifest";
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| OciManifestError::Json {
                document,
                source: excerpt_of(&error),
            })?;
        if manifest.manifests.is_some() {
            return Err(OciManifestError::Index);
        }
        Ok(manifest)
    }

    /// The config, which must be that of WebAssembly.
    ///
    /// # Errors
    /// Another config, or none.
    pub fn config(&self) -> Result<Blob, OciManifestError> {
        let config = self.config.as_ref().ok_or(OciManifestError::NoConfig)?;
        if config.media_type != CONFIG_TYPE {
            return Err(OciManifestError::Config {
                found: excerpt(&config.media_type),
            });
        }
        config.blob("config", MAX_CONFIG)
    }

    /// The layer that is the content, by what the config says.
    ///
    /// # Errors
    /// No such layer, or several.
    pub fn content(&self, config: &Config) -> Result<Blob, OciManifestError> {
        let layers = self.layers.as_ref().map_or(&[][..], |layers| &layers.0);
        let digests: BTreeSet<_> = config.layer_digests.0.iter().collect();
        let is_wasm = |layer: &&Descriptor| layer.media_type == CONTENT_TYPE;
        let is_named = |layer: &&Descriptor| digests.contains(&layer.digest);
        let wasm: Vec<_> = layers.iter().filter(is_wasm).collect();
        let named: Vec<_> = wasm
            .iter()
            .copied()
            .filter(|layer| is_named(layer))
            .collect();
        let count = layers.len();
        match (wasm.as_slice(), named.as_slice()) {
            ([], _) => Err(OciManifestError::NoContent { count }),
            (_, [content]) => content.blob("content", MAX_CONTENT),
            // Alone, and a config that says nothing of layers.
            ([content], []) if count == 1 && digests.is_empty() => {
                content.blob("content", MAX_CONTENT)
            }
            ([_], []) => Err(OciManifestError::OtherLayers),
            (wasm, _) => Err(OciManifestError::Ambiguous { count: wasm.len() }),
        }
    }

    /// What is noted on it.
    pub fn annotations(self) -> BTreeMap<String, String> {
        self.annotations.unwrap_or_default()
    }
}

/// A config, as far as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a config")]
pub struct Config {
    #[serde(default)]
    layer_digests: Layers<String>,
}

impl Config {
    /// Reads a config.
    ///
    /// # Errors
    /// What is not JSON of that form, and more than [`MAX_LAYERS`] digests.
    pub fn parse(bytes: &[u8]) -> Result<Self, OciManifestError> {
        let document = "config";
        serde_json::from_slice(bytes).map_err(|error| OciManifestError::Json {
            document,
            source: excerpt_of(&error),
        })
    }
}
