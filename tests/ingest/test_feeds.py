"""A feed in YAML in, matched files out; each mistake names its cure."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import MainstemError
from flink_jobs.ingest.feeds import Feed, FeedFile, find_files, open_feed, shipped


def feed(**file):
    return Feed(name="mine", pipeline="shop", files=(FeedFile(**{"path": "a.csv", "dataset": "views", **file}),))


def test_a_folder_with_a_feed_brings_its_files(tmp_path, views):
    (tmp_path / "feed.yaml").write_text("name: mine\npipeline: shop\nfiles:\n- {path: 'v-*.csv', dataset: views}\n")
    for name in ("v-2.csv", "v-1.csv", "other.csv"):
        (tmp_path / name).write_text("id\n")
    mine, folder = open_feed(str(tmp_path))
    assert [f.path.name for f in find_files(mine, folder, {"views": views})] == ["v-1.csv", "v-2.csv"]


def test_one_value_or_many_filter_rows():
    assert feed(where={"kind": "pv"}).files[0].where == {"kind": ("pv",)}
    assert feed(where={"kind": ["pv", "buy"]}).files[0].where == {"kind": ("pv", "buy")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("files: [", "cannot be read"),
        ("just text", "not a YAML mapping"),
        ("name: a\npipeline: shop\nfiles: []", "files: Tuple should have at least 1 item"),
        (
            "name: a\npipeline: shop\nfiles: [{path: a, dataset: b, renam: {}}]",
            "files → 0 → renam.*Did you mean 'rename'",
        ),
        ("name: a\npipeline: shop\nfiles: [{path: a, dataset: b, time_format: unix}]", "time_format"),
    ],
)
def test_a_wrong_feed_is_refused_with_its_place(tmp_path, text, message):
    (tmp_path / "feed.yaml").write_text(text)
    with pytest.raises(MainstemError, match=message):
        open_feed(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({"path": "b.csv"}, "There is no file .*b.csv. Did you mean 'a.csv'"),
        ({"dataset": "view"}, "names the dataset 'view'.*Did you mean 'views'"),
        ({"rename": {"x": "user"}}, "fills column 'user'.*Did you mean 'user_id'"),
    ],
)
def test_a_feed_that_does_not_fit_the_folder_or_the_dataset_is_refused(tmp_path, views, file, message):
    (tmp_path / "a.csv").write_text("id\n")
    with pytest.raises(MainstemError, match=message):
        find_files(feed(**file), tmp_path, {"views": views})


def test_times_finer_than_the_topic_holds_are_refused(tmp_path, views):
    (tmp_path / "a.csv").write_text("id\n")
    with pytest.raises(MainstemError, match="time_format: epoch_ms"):
        find_files(feed(), tmp_path, {"views": views.model_copy(update={"time_format": "epoch_s"})})


def test_an_unknown_name_lists_what_there_is(tmp_path):
    with pytest.raises(MainstemError, match="neither a folder, a YAML file nor a feed"):
        open_feed("taobaoo")
    with pytest.raises(MainstemError, match="no feed.yaml"):
        open_feed(str(tmp_path))


def test_the_shipped_feeds_are_valid(tmp_path):
    assert "taobao" in shipped()
    for name in shipped():
        assert open_feed(name, tmp_path)[0].name == name
