"""Prints random cases with the second calculator's answers: `main.py TAX SEED COUNT`."""

import importlib
import json
import random
import sys


def main():
    """One JSON list, as the files below `tests/cases` have it."""
    tax, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    module = importlib.import_module(tax)
    rng = random.Random(seed)
    cases = [module.random_case(rng, number) for number in range(count)]
    json.dump(cases, sys.stdout, ensure_ascii=False)


main()
