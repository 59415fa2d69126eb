"""YAML and Python are two faces of one model; files can share datasets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import UnknownName
from flink_jobs.core.pipeline import Publication
from flink_jobs.jobs.catalog import files, find, names
from flink_jobs.jobs.declare import python, read, read_text
from flink_jobs.jobs.mistakes import Mistakes
from flink_jobs.operators.interval_join import IntervalJoin
from flink_jobs.operators.top_n import TopN
from flink_jobs.operators.window_aggregate import WindowAggregate

VIEWS = "views: {columns: {id: bigint, item_id: bigint, ts: timestamp}, key: [id], event_time: ts, watermark_delay: 5s}"
ORDERS = VIEWS.replace("views", "orders")
TEXT = f"""
name: boards
description: Two kinds of steps.
datasets:
  {VIEWS}
  {ORDERS}
steps:
  sold:
    interval_join: {{left: orders, right: views, on: [item_id], within: {{before: 1d}}, prefix: view_}}
  hourly:
    window_aggregate: {{input: views, window: {{tumble: 1h}}, per: [item_id], aggregates: {{n: {{count: "*"}}}}}}
  board:
    top_n: {{input: hourly, n: 3, by: [{{column: n, direction: desc}}, {{column: item_id}}]}}
publish:
  best: {{from: board, suite: features}}
  sold: {{from: sold, partition_by: hour}}
"""


def test_yaml_and_python_give_the_same_pipeline() -> None:
    columns = {"id": "bigint", "item_id": "bigint", "ts": "timestamp"}
    views, orders = (
        Dataset(name=n, columns=columns, key=("id",), event_time="ts", watermark_delay=5_000)
        for n in ("views", "orders")
    )
    made = python(
        "boards",
        [views, orders],
        {
            "sold": IntervalJoin(
                left="orders",
                right="views",
                on=("item_id",),
                within={"before": "1d"},
                prefix="view_",  # type: ignore[arg-type]
            ),
            "hourly": WindowAggregate(
                input="views",
                window={"tumble": "1h"},
                per=("item_id",),
                aggregates={"n": {"count": "*"}},  # type: ignore[arg-type,dict-item]
            ),
            "board": TopN(input="hourly", n=3, by=({"column": "n", "direction": "desc"}, {"column": "item_id"})),  # type: ignore[arg-type]
        },
        {
            "best": Publication(source="board", suite="features"),
            "sold": Publication(source="sold", partition_by="hour"),
        },
        description="Two kinds of steps.",
    )
    assert made == read_text(TEXT)
    assert made.version == read_text(TEXT).version


@pytest.mark.parametrize("name", names())
def test_a_declaration_written_out_reads_back_as_itself(name: str) -> None:
    made = find(name)
    again = read_text(yaml.safe_dump(made.declaration(), sort_keys=False, allow_unicode=True))
    assert (again, again.version) == (made, made.version)


@pytest.mark.parametrize("name", names())
def test_a_shipped_pipeline_is_called_like_its_file(name: str) -> None:
    assert find(name).name == name


def test_files_share_datasets(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"name: base\ndatasets:\n  {VIEWS}\n")
    (tmp_path / "more.yaml").write_text(f"include: [base.yaml]\ndatasets:\n  {ORDERS}\n")
    (tmp_path / "p.yaml").write_text("name: p\ninclude: [more.yaml]\npublish: {t: {from: views}}\n")
    assert set(read(tmp_path / "p.yaml").datasets) == {"views", "orders"}


def test_what_was_found_right_is_read_anew_when_a_file_changes(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"name: base\ndatasets:\n  {VIEWS}\n")
    (tmp_path / "p.yaml").write_text("name: p\ninclude: [base.yaml]\ncases: kept\npublish: {t: {from: views}}\n")
    (tmp_path / "kept").mkdir()
    first = read(tmp_path / "p.yaml")
    assert read(tmp_path / "p.yaml") is first
    (tmp_path / "base.yaml").write_text(f"name: base\ndatasets:\n  {VIEWS.replace('5s', '9s')}\n")
    assert read(tmp_path / "p.yaml").version != first.version
    (tmp_path / "kept").rmdir()
    with pytest.raises(Mistakes, match="It must be a folder beside p.yaml"):
        read(tmp_path / "p.yaml")


def test_a_mistake_in_a_shared_file_is_told_with_that_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "name: base\ndatasets:\n  views: {columns: {id: bgint, ts: timestamp}, key: [id], event_time: ts}\n"
    )
    (tmp_path / "p.yaml").write_text("name: p\ninclude: [base.yaml]\n")
    with pytest.raises(Mistakes, match=r"base\.yaml:3:21: Dataset 'views': 'bgint'"):
        read(tmp_path / "p.yaml")


def test_a_dataset_is_declared_once(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"name: base\ndatasets:\n  {VIEWS}\n")
    (tmp_path / "p.yaml").write_text(f"name: p\ninclude: [base.yaml]\ndatasets:\n  {VIEWS}\n")
    with pytest.raises(
        Mistakes, match=r"p\.yaml:4:3: The dataset 'views' is declared twice; the other.*base\.yaml:3:3"
    ):
        read(tmp_path / "p.yaml")


def test_files_cannot_include_each_other_in_a_ring(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"name: a\ninclude: [b.yaml]\ndatasets:\n  {VIEWS}\n")
    (tmp_path / "b.yaml").write_text("name: b\ninclude: [a.yaml]\n")
    with pytest.raises(Mistakes, match=r"b\.yaml:2:11: 'a\.yaml' includes this file again"):
        read(tmp_path / "a.yaml")


def test_cases_are_a_folder_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "p.yaml").write_text(f"name: p\ncases: examples\ndatasets:\n  {VIEWS}\n")
    assert read(tmp_path / "p.yaml").name == "p"


def test_pipelines_of_the_user_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"name: mine\ndatasets:\n  {VIEWS}\n")
    (tmp_path / "shop.yaml").write_text(f"name: other\ndatasets:\n  {VIEWS}\n")
    env = {"MAINSTEM_PIPELINES": f"/nowhere:{tmp_path}"}
    assert find("mine", env).name == "mine"
    assert find("shop", env).name == "shop", "what ships with the platform comes first"
    assert set(names(env)) == {*names({}), "mine"}


def test_a_pipeline_is_found_by_path() -> None:
    assert find(files({})["shop"]).name == find("shop").name


def test_a_misspelt_pipeline_is_named_with_its_cure() -> None:
    with pytest.raises(
        UnknownName, match="the pipeline 'shop_feature', which does not exist. Did you mean 'shop_features'"
    ):
        find("shop_feature", {})
