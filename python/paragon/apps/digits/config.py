"""The settings of `paragon digits`: a file, overridden field by field, every default resolved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from paragon import FileError
from paragon.apps.runs.record import first_error

DEFAULT_FILE = "config.yaml"
RATES = {"mlp": 1e-3, "logistic": 3e-3}


def _sizes(value: Any) -> Any:
    """ "128,64" as (128, 64)."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class Config(BaseModel):
    """What determines a run of `paragon digits`, and what it is to keep."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    dataset: str = "digits"
    model: Literal["mlp", "logistic"] = "mlp"
    hidden_sizes: Annotated[tuple[Annotated[int, Field(ge=1, le=65536)], ...], BeforeValidator(_sizes)] = (128, 64)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    epochs: int = Field(default=60, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float | None = Field(
        default=None, gt=0, description="0.001 for mlp and 0.003 for logistic when None."
    )
    lr_decay: float = Field(default=0.97, gt=0, le=1, description="The factor of the rate from epoch to epoch.")
    test_size: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="The share of the rows to test with; None for a published test set, else 0.2.",
    )
    val_size: float = Field(default=0.1, ge=0, lt=1, description="The share of the other rows to validate with.")
    sample_count: int = Field(default=25, ge=0, description="Pictures in the gallery.")
    seed: int = Field(default=0, ge=0, lt=2**64)
    roc_per_class: bool = False
    learning_rate_trace: bool = False
    timing_stats: bool = False
    figures: bool = True
    bootstrap: int = Field(default=1000, ge=0, le=100_000)

    @model_validator(mode="after")
    def _resolved(self) -> Config:
        """Every default is resolved: the record shows what was used."""
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", RATES[self.model])
        return self

    @property
    def rate(self) -> float:
        """The first learning rate."""
        assert self.learning_rate is not None
        return self.learning_rate


def read_config(path: Path | None, given: Mapping[str, Any]) -> Config:
    """The settings of a YAML file (`config.yaml` in the working folder when None, where there is one), with those `given` instead.

    Raises FileError, naming the file and the field: no such file, no YAML, an unknown key, a value out of range.
    """
    found: dict[str, Any] = {}
    default = Path(DEFAULT_FILE)
    if path is not None or default.is_file():
        path = path or default
        found = _settings_of(path)
        try:
            Config.model_validate(found)
        except ValidationError as error:
            raise FileError(f"{path}: {first_error(error)}") from None
    try:
        return Config.model_validate({**found, **given})
    except ValidationError as error:
        raise FileError(f"settings: {first_error(error)}") from None


def _settings_of(path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text())
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: is no YAML: {' '.join(str(error).split())}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise FileError(f"{path}: should be a list of settings, `name: value`")
    return {str(name): value for name, value in found.items()}
