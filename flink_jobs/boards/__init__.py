"""Boards: the first N of each group and window as people look at them, with where each number comes from."""
