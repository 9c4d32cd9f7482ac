"""The cases, by what they attack. Each module has one function `add(kit)` for each group of vectors it makes."""
