"""Feed: which files of a user hold the rows of which dataset, and how they are written.

A feed is a YAML file beside the data (``feed.yaml``) or one that ships with the platform::

    name: taobao
    pipeline: shop
    files:
      - {path: pv.csv.gz, dataset: page_views, where: {behavior: pv}, time_format: epoch_s}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from flink_jobs.core.columns import NAME
from flink_jobs.core.dataset import Dataset, TimeFormat
from flink_jobs.core.errors import DeclarationError, FileError, UnknownName, nearest

Format = Literal["csv", "jsonl", "parquet"]
Scalar = str | int | float | bool | None

SHIPPED = Path(__file__).parent.parent / "pipelines" / "feeds"
FEED_FILE = "feed.yaml"
_MOST = 20
_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class FeedFile(BaseModel):
    """One file, or several by a pattern such as ``day-*.csv.gz``, for one dataset.

    ``rename`` maps a column of the file to one of the dataset; ``constant`` gives a column the same value in each row;
    ``where`` keeps rows whose column has one of the values; ``header`` names the columns of a CSV without a header line;
    ``known_at`` is the column that says when the row became known (without it: the time of loading).
    """

    model_config = _FROZEN

    path: str
    dataset: str
    format: Format | None = None
    delimiter: str = Field(default="", max_length=1)
    header: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    constant: dict[str, Scalar] = {}
    where: dict[str, tuple[str, ...]] = {}
    time_format: TimeFormat = "iso"
    known_at: str = ""

    @field_validator("where", mode="before")
    @classmethod
    def _one_or_more(cls, where: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        return {c: tuple(map(str, v)) if isinstance(v, list | tuple) else (str(v),) for c, v in where.items()}

    def format_of(self, path: Path) -> Format:
        """The declared format, or the one that the name of the file tells; raises FileError when neither does."""
        found = self.format or _told(path)
        if found is None:
            raise FileError(
                f"The name of {path} does not tell its format. Write 'format: csv', jsonl or parquet in the feed."
            )
        return found


class Feed(BaseModel):
    """Files and the pipeline that declares their datasets."""

    model_config = _FROZEN

    name: str = Field(pattern=NAME.pattern)
    pipeline: str
    description: str = ""
    files: tuple[FeedFile, ...] = Field(min_length=1)

    def only(self, dataset: str) -> Feed:
        """The files of one dataset."""
        kept = tuple(f for f in self.files if f.dataset == dataset)
        if not kept:
            raise UnknownName("dataset", dataset, known={f.dataset for f in self.files}, used_by=f"Feed '{self.name}'")
        return self.model_copy(update={"files": kept})


class Found(BaseModel):
    """A file that exists, how to read it, and the dataset it fills."""

    model_config = _FROZEN

    path: Path
    how: FeedFile
    dataset: Dataset


def shipped() -> list[str]:
    """Names of the feeds that come with the platform."""
    return sorted(p.stem for p in SHIPPED.glob("*.yaml"))


def open_feed(where: str, data: Path | None = None) -> tuple[Feed, Path]:
    """The feed and the folder of its files, from a shipped name, a YAML file or a folder with ``feed.yaml``.

    ``data`` is another folder for the files; a shipped feed needs it.
    """
    path = Path(where)
    if path.is_dir():
        if not (path / FEED_FILE).is_file():
            raise FileError(
                f"The folder {path} has no {FEED_FILE}, so its files cannot be matched to datasets. "
                f"Write one there, or name a feed: {', '.join(shipped())}."
            )
        return read_feed(path / FEED_FILE), data or path
    if path.is_file():
        return read_feed(path), data or path.parent
    if where not in shipped():
        raise FileError(f"'{where}' is neither a folder, a YAML file nor a feed. {nearest(where, shipped())}")
    if data is None:
        raise FileError(f"The feed '{where}' needs to know where its files are. Add --data FOLDER.")
    return read_feed(SHIPPED / f"{where}.yaml"), data


def read_feed(path: Path) -> Feed:
    """Read a feed from YAML; raises FileError that names the file, the place and the cause."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FileError(f"The feed {path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise FileError(f"The feed {path} is not a YAML mapping with name, pipeline and files.")
    try:
        return Feed.model_validate(data)
    except ValidationError as error:
        raise FileError(f"The feed {path} is wrong: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    place = " → ".join(str(part) for part in found["loc"])
    last = str(found["loc"][-1]) if found["loc"] else ""
    cure = f" {nearest(last, FeedFile.model_fields)}" if found["type"] == "extra_forbidden" else ""
    return f"{place}: {found['msg']}.{cure}"


def find_files(feed: Feed, folder: Path, datasets: Mapping[str, Dataset]) -> list[Found]:
    """Every file of the feed with its dataset, in the feed's order; patterns in order of name."""
    found = []
    for how in feed.files:
        if how.dataset not in datasets:
            raise UnknownName("dataset", how.dataset, known=datasets, used_by=f"Feed '{feed.name}'")
        check_columns(how, datasets[how.dataset])
        found += [Found(path=p, how=how, dataset=datasets[how.dataset]) for p in _paths(folder, how.path)]
    return found


def _paths(folder: Path, pattern: str) -> list[Path]:
    whole = folder / pattern
    if whole.is_file():
        return [whole]
    paths = [] if Path(pattern).is_absolute() else sorted(p for p in folder.glob(pattern) if p.is_file())
    if not paths:
        raise FileError(f"There is no file {whole}. {_there(folder, pattern)}")
    return paths


def _there(folder: Path, pattern: str) -> str:
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and _told(p)) if folder.is_dir() else []
    return nearest(pattern, names) if 0 < len(names) <= _MOST else f"{folder} holds {len(names) or 'no'} data files."


def _told(path: Path) -> Format | None:
    """The format that a file's name tells."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    return _FORMATS.get(suffixes[-1] if suffixes else "")


def check_columns(how: FeedFile, dataset: Dataset) -> None:
    """Raise when the feed fills a column that the dataset does not have, or could lose digits of its times."""
    for column in (*how.rename.values(), *how.constant):
        if column not in dataset.columns:
            raise DeclarationError(
                f"The feed for {how.path} fills column '{column}', but dataset '{dataset.name}' has none of that name. "
                f"{nearest(column, dataset.columns)}"
            )
    if dataset.time_format == "epoch_s" and how.time_format != "epoch_s":
        raise DeclarationError(
            f"{how.path} has times in milliseconds, but topic '{dataset.topic_name}' holds whole seconds. "
            f"Declare dataset '{dataset.name}' with time_format: epoch_ms."
        )
